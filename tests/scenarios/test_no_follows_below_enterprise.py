"""Where statuses are read one by one, a no reaches a changed address in HubSpot all the same (row 33)."""

import pytest

from connector.sandbox.options import Tier
from tests.scenarios.conftest import Make
from tests.world import ANNA, BO, HOUR, NEWSLETTER, UNSUBSCRIBED


@pytest.mark.parametrize("tier", [Tier.STARTER, Tier.PROFESSIONAL])
@pytest.mark.parametrize("full", [True, False])
def test_a_no_reaches_the_new_address(make: Make, tier: Tier, full: bool) -> None:
    w = make(contacts=(ANNA,), tier=tier)
    w.begin()
    w.withdraw(ANNA, "newsletter")
    w.sync()
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    w.sandbox.colleague.edit_email(w.contact_ids[ANNA], BO)
    for _ in range(3):
        w.wait(HOUR)
        w.sync(full=full)
    assert w.state(BO) == "WITHDRAWN"
    assert w.hubspot(BO, NEWSLETTER) == UNSUBSCRIBED
