"""One person: found by address, shown by reference, and what may be done for them. Each look is logged."""

import re
from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from connector.acts import erase as erasing
from connector.acts import erasure, holds
from connector.acts.annul import annul as annul_act
from connector.acts.in_words import actor_word, receipt_in_words, source_word, type_word
from connector.acts.looks import Kind, Look, is_erased, looks_in
from connector.acts.receipt import Asked
from connector.acts.restrict import restrict as restrict_act
from connector.acts.restrict import unrestrict as unrestrict_act
from connector.acts.show import shown
from connector.acts.who import address_of, people_at, purpose_of
from connector.acts.why import why_of
from connector.acts.withdraw import No
from connector.acts.withdraw import withdraw as withdraw_act
from connector.consent.events import SUBJECT, Event, EventType, Overlay, Source
from connector.errors import ConfigurationError, Refused
from connector.store.people import AddressKind, Person
from connector.web.dashboard.office import Visit

REF: Final = re.compile(r"^[0-9a-f]{32}$")
NOES: Final = (EventType.WITHDRAW, EventType.OBJECT, EventType.REFUSE)


def search_form(visit: Visit) -> Response:
    """The form; the address travels in the body and is in no log of any server."""
    return visit.page("search", problem="", found=[])


def search(visit: Visit) -> Response:
    """By exact address. Somebody shared it: all of them are named, by reference."""
    try:
        normalised = address_of(visit.field("address"))
    except ConfigurationError:
        return visit.page("search", status=400, problem="no_address", found=[])
    with visit.desk.mirror.read(visit.desk.portal) as work:
        people = people_at(work, normalised)
    for person in people:
        visit.looked(person, Kind.SEARCH)
    if len(people) == 1:
        return visit.back(f"/people/{people[0].ref}")
    problem = "" if people else "erased_before" if is_erased(visit.desk, normalised) else "nobody"
    return visit.page("search", problem=problem, found=[person.ref for person in people])


def person(visit: Visit) -> Response:
    """Everything about one person on one page."""
    found = _person(visit)
    visit.looked(found, Kind.PAGE)
    if found.overlay is Overlay.ERASED:
        return visit.page("erased", person=found)
    with visit.desk.mirror.read(visit.desk.portal) as work:
        events = work.log.events_of([found.id]).get(found.id, [])
        under_way = erasure.of_person(work, found.id)
        reviews = [each for each in work.reviews.of_person(found.id) if each.decided_at is None]
    now = shown(visit.desk, found)
    return visit.page(
        "person",
        person=found,
        addresses=now["addresses"],
        contacts=now["contacts"],
        standing={each["purpose"]: each for each in now["purposes"]},
        why=why_of(visit.desk, found, visit.say.language),
        events=_timeline(visit, events),
        looks=list(reversed(looks_in(events))),
        erasure=under_way,
        held=erasure.is_held(events),
        reviews=reviews,
        purposes=list(visit.desk.purposes),
    )


def receipt(visit: Visit) -> Response:
    """The receipt as a page: exactly what was said yes to, and what is not known."""
    found = living(visit)
    visit.looked(found, Kind.RECEIPT)
    said = visit.office.site.settings.controller
    look = Look(address_in_use(visit, found), visit.user.name, Source.DASHBOARD)
    asked = Asked(look=look, controller=said.name, contact=said.contact)
    page = receipt_in_words(visit.desk, found, asked, visit.say.language)
    return visit.page("receipt", person=found, document=page)


def withdraw(visit: Visit) -> Response:
    """A no that somebody said by phone, by letter or in person; pushed at once."""
    found = living(visit)
    key = visit.field("purpose")
    no = No(
        purpose=purpose_of(visit.desk.purposes, key) if key else None,
        source=Source.DASHBOARD,
        actor=SUBJECT if visit.field("own") == "yes" else visit.actor,
    )
    done = withdraw_act(visit.desk, address_in_use(visit, found), no)
    return visit.back(place(found), "withdrawn_waits" if done.pending else "withdrawn")


def restrict(visit: Visit) -> Response:
    """Store and nothing else (Art. 18)."""
    found = living(visit)
    restrict_act(visit.desk, address_in_use(visit, found), visit.actor, visit.field("reason") or None)
    return visit.back(place(found), "restricted")


def unrestrict(visit: Visit) -> Response:
    """The restriction ends; no mailing starts by it."""
    found = living(visit)
    unrestrict_act(visit.desk, address_in_use(visit, found), visit.actor)
    return visit.back(place(found), "unrestricted")


def hold(visit: Visit) -> Response:
    """A legal hold begins or ends."""
    found = living(visit)
    act = holds.remove_hold if visit.field("end") == "yes" else holds.add_hold
    done = act(visit.desk, address_in_use(visit, found), visit.field("reason"), visit.actor)
    return visit.back(place(found), "held" if done.held else "released")


def erase_plan(visit: Visit) -> Response:
    """The dry run: what would go, and what stands against it. Nothing is written but the look."""
    found = living(visit)
    visit.looked(found, Kind.PAGE)
    plan = erasing.plan(visit.desk, address_in_use(visit, found))
    return visit.page("erase", person=found, plan=plan, would=plan.would or {})


def erase(visit: Visit) -> Response:
    """Erase here and in HubSpot; the box of the dry run's page has to be ticked."""
    found = living(visit)
    if visit.field("sure") != "yes":
        return erase_plan(visit)
    visit.office.lent.before_erasing(visit.desk)
    order = erasing.Order(
        reason=visit.field("reason") or None,
        actor=visit.actor,
        suppress=visit.field("unlisted") != "yes",
        told=True,
    )
    done = erasing.erase(visit.desk, address_in_use(visit, found), order)
    word = "erase_waits" if done.waits else "erase_later" if done.later else "erased"
    return visit.back(place(found), word)


def annul(visit: Visit) -> Response:
    """A no was recorded by mistake: two people have to say so."""
    found = living(visit)
    with visit.desk.mirror.read(visit.desk.portal) as work:
        mine = {each.id for each in work.log.events_of([found.id]).get(found.id, [])}
    if visit.field("event") not in mine:
        raise _nobody()
    done = annul_act(visit.desk, visit.field("event"), visit.field("reason"), visit.user.name)
    return visit.back(place(found), "annul_waits" if done.waiting else "annulled")


def _person(visit: Visit) -> Person:
    """By the reference in the path. Another portal's person is nobody here."""
    ref = visit.request.path_params["ref"]
    if REF.match(ref):
        with visit.desk.mirror.read(visit.desk.portal) as work:
            found = work.people.by_ref(ref)
        if found is not None:
            return found
    raise _nobody()


def living(visit: Visit) -> Person:
    """Who the page is about. Raises Refused for somebody who was erased, as for a stranger."""
    found = _person(visit)
    if found.overlay is Overlay.ERASED:
        raise _nobody()
    return found


def _nobody() -> Refused:
    return Refused(
        "Nobody here has this reference.", kind="no_such_reference", next_step="Search by address."
    )


def place(found: Person) -> str:
    """The path of the person's page at their portal."""
    return f"/people/{found.ref}"


def address_in_use(visit: Visit, found: Person) -> str:
    """The address by which the acts know the person: the primary one, else any that is theirs now."""
    with visit.desk.mirror.read(visit.desk.portal) as work:
        held = work.people.addresses([found.id]).get(found.id, [])
    order = {AddressKind.PRIMARY: 0, AddressKind.ADDITIONAL: 1}
    now = sorted((each for each in held if each.kind in order), key=lambda each: order[each.kind])
    if not now:
        raise Refused(
            "The person has no address now.", kind="no_address_now", next_step="Use the command line."
        )
    return now[0].original


def _timeline(visit: Visit, events: Sequence[Event]) -> list[dict[str, Any]]:
    """The person's events, the newest first; looks stand apart."""
    language = visit.say.language
    return [
        {
            "id": event.id,
            "seq": event.seq,
            "recorded": visit.local(event.recorded_at),
            "when": visit.local(event.t_hi if event.t_hi is not None else event.t_lo)
            if event.t_lo is not None or event.t_hi is not None
            else "",
            "type": visit.say.texts.get(f"event_{event.type}") or type_word(event.type, language),
            "purpose": event.purpose,
            "source": source_word(event.source, language),
            "actor": actor_word(event.actor, language),
            "grade": str(event.grade),
            "reason": event.reason or "",
            "may_annul": event.type in NOES,
        }
        for event in reversed(events)
        if event.type is not EventType.ACCESSED
    ]
