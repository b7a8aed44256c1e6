"""Made-up people: the same for the same seed, reserved domains only, found again by their traits."""

import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox import Sandbox
from connector.sandbox.people import People

BORN = 1_780_000_000_000
PEOPLE = People(5_000, 7, BORN)
RESERVED = re.compile(r"@(example\.(com|org|net)|.*\.example)$", re.IGNORECASE)


def test_the_same_seed_makes_the_same_people_and_another_seed_others() -> None:
    again, others = People(5_000, 7, BORN), People(5_000, 8, BORN)
    assert [again.contact(i).props for i in range(200)] == [PEOPLE.contact(i).props for i in range(200)]
    assert [others.contact(i).email for i in range(200)] != [PEOPLE.contact(i).email for i in range(200)]


def test_every_address_lies_in_a_reserved_domain_and_belongs_to_one_person() -> None:
    addresses = [a.lower() for i in range(PEOPLE.count) for a in PEOPLE.contact(i).addresses]
    assert all(RESERVED.search(address) for address in addresses)
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize(
    ("kind", "sign"),
    [
        pytest.param("plus", r"\+", id="plus-tag"),
        pytest.param("upper", r"[A-Z]", id="upper case"),
        pytest.param("idn", r"@.*[^\x00-\x7f]", id="international domain"),
        pytest.param("box", r"^(info|kontakt|office|faktura|order)@", id="shared box"),
    ],
)
def test_every_kind_of_address_occurs(kind: str, sign: str) -> None:
    found = [PEOPLE.contact(i).email or "" for i in range(1_000) if PEOPLE.profile(i).kind == kind]
    assert len(found) >= 20
    assert all(re.search(sign, email) for email in found)


def test_some_have_no_address_and_some_have_several() -> None:
    contacts = [PEOPLE.contact(i) for i in range(1_000)]
    assert 10 < sum(1 for c in contacts if c.email is None) < 60
    assert any(len(c.additional) == 1 for c in contacts)
    assert any(len(c.additional) == 2 for c in contacts)
    assert all(not c.addresses for c in contacts if c.email is None)


@given(st.integers(0, PEOPLE.count - 1))
def test_a_person_is_found_by_each_of_their_addresses(index: int) -> None:
    for place, address in enumerate(PEOPLE.contact(index).addresses):
        assert PEOPLE.owner(address) == (index, place)
        assert PEOPLE.owner(address.lower()) == (index, place)


@given(st.integers(0, PEOPLE.count - 1))
def test_ids_ranks_and_slots_lead_back(index: int) -> None:
    assert PEOPLE.index_of(PEOPLE.contact_id(index)) == index
    assert PEOPLE.at_rank(PEOPLE.rank(index)) == index
    assert PEOPLE.residue(PEOPLE.slot(index)) == index % 1_000
    assert PEOPLE.first_rank(PEOPLE.modified(index)) == PEOPLE.rank(index)
    assert PEOPLE.created(index) < PEOPLE.acted(index) < PEOPLE.modified(index) < BORN


@pytest.mark.parametrize("stranger", ["nobody@example.com", "a@b", "x1@example.com", "", "@", "9@9.example"])
def test_a_stranger_has_no_owner(stranger: str) -> None:
    assert PEOPLE.owner(stranger) is None


def test_a_million_people_start_at_once_and_weigh_little() -> None:
    tracemalloc.start()
    started = time.process_time()  # of this process alone: the machine may be busy
    sandbox = Sandbox(people=1_000_000)
    first_page = sandbox.call("GET", "/crm/v3/objects/contacts", "limit=100")
    took = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert first_page.status == 200
    assert took < 3.0
    assert peak < 30_000_000


_PAGE = (
    "limit=100&properties=email,hs_additional_emails,hs_email_optout,hs_email_optout_101,hs_email_optout_102,\
hs_email_optout_103,hs_legal_basis,hs_object_source,firstname,lastname"
)


def test_a_page_of_a_million_costs_a_few_milliseconds() -> None:
    sandbox = Sandbox(people=1_000_000)
    spent = []
    for turn in range(30):
        started = time.process_time()
        reply = sandbox.call("GET", "/crm/v3/objects/contacts", f"{_PAGE}&after={turn * 1_500_051}")
        spent.append(time.process_time() - started)
        assert reply.status == 200
    assert sorted(spent)[15] < 0.006
