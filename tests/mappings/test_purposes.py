"""The purposes of a portal: lawful, unique, found by key and by subscription type."""

import pytest

from mappings.purposes import BadPurposes, Purpose, Purposes
from mappings.terms import Basis

NEWS = Purpose(key="newsletter", subscription_id=101, title={"sv": "Nyhetsbrev", "en": "Newsletter"})
SALES = Purpose(key="offers", subscription_id=102, basis=Basis.SOFT_OPTIN, business_unit=7)
BILLS = Purpose(key="invoices", subscription_id=103, basis=Basis.CONTRACT, marketing=False)


def test_purposes_are_found_by_key_and_by_type():
    purposes = Purposes([NEWS, SALES, BILLS])
    assert list(purposes) == [NEWS, SALES, BILLS] and len(purposes) == 3
    assert purposes["offers"] is SALES and purposes.get("offers") is SALES
    assert purposes.get("nothing") is None and "offers" in purposes and "nothing" not in purposes
    assert purposes.of_subscription(103) is BILLS and purposes.of_subscription(9) is None
    assert purposes.marketing == (NEWS, SALES)
    assert purposes.subscription_ids == (101, 102, 103)
    assert purposes.business_units == {0, 7}


@pytest.mark.parametrize("basis", [basis for basis in Basis if basis not in ("consent", "soft_optin")])
def test_marketing_rests_on_consent_or_soft_opt_in(basis):
    with pytest.raises(BadPurposes, match="consent or soft_optin"):
        Purposes([Purpose(key="x", subscription_id=1, basis=basis)])


def test_every_problem_is_told_at_once():
    with pytest.raises(BadPurposes) as bad:
        Purposes([NEWS, NEWS, Purpose(key="*", subscription_id=0), Purpose(key="", subscription_id=5)])
    assert len(bad.value.problems) == 5


def test_a_purpose_has_a_name_in_any_language():
    assert (NEWS.named("sv"), NEWS.named("en"), NEWS.named("fi")) == (
        "Nyhetsbrev",
        "Newsletter",
        "Nyhetsbrev",
    )
    assert SALES.named("sv") == "offers"


def test_customers_may_be_mailed_where_the_purpose_allows_it():
    assert SALES.allows_soft_optin and not NEWS.allows_soft_optin
    assert Purpose(key="x", subscription_id=1, push_soft_optin=True).allows_soft_optin
