"""What somebody said by phone, by letter or in person, with its evidence: a no or a yes (`record`)."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from connector.acts import record as act
from connector.acts.looks import Kind
from connector.acts.when import moment, until
from connector.acts.who import address_of, purpose_of, users_of
from connector.consent.events import ALL_MARKETING, GUARDIAN, SUBJECT, EventType, Source
from connector.errors import ConfigurationError
from connector.web.dashboard.office import Visit
from connector.web.dashboard.people import REF, address_in_use, living

#: What each form offers. The act grades it and the formula decides what it comes to.
NOES: Final = (EventType.WITHDRAW, EventType.OBJECT, EventType.REFUSE)
YESES: Final = (EventType.GRANT, EventType.CLAIM, EventType.SOFT_OPTIN)
DOORS: Final = (Source.PHONE, Source.PAPER, Source.MAIL_REPLY, Source.FORM, Source.API)
ACTORS: Final = (SUBJECT, GUARDIAN, "staff")
NOTE: Final = "note.txt"


def no_form(visit: Visit) -> Response:
    """The form for a no."""
    return _form(visit, "no", NOES)


def yes_form(visit: Visit) -> Response:
    """The form for a yes: one purpose, and what was shown or read out."""
    return _form(visit, "yes", YESES)


def record_no(visit: Visit) -> Response:
    """A no, for a stranger too: recorded and pushed at once."""
    return _recorded(visit, NOES)


def record_yes(visit: Visit) -> Response:
    """A yes with its evidence. The box has to be ticked: mailings may begin by it."""
    visit.must_be_ticked()
    return _recorded(visit, YESES)


def _form(visit: Visit, which: str, kinds: Sequence[EventType]) -> Response:
    person = living(visit) if "ref" in visit.request.path_params else None
    if person is not None:
        visit.looked(person, Kind.PAGE)
    return visit.page(
        "record",
        which=which,
        kinds=kinds,
        doors=DOORS,
        actors=ACTORS,
        purposes=list(visit.desk.purposes),
        person=person,
        everything=ALL_MARKETING,
    )


def _recorded(visit: Visit, kinds: Sequence[EventType]) -> Response:
    person = living(visit) if "ref" in visit.request.path_params else None
    subject = person.ref if person is not None else visit.field("subject") or None
    address = visit.field("address") if person is None else address_in_use(visit, person)
    done = act.record(visit.desk, address, _act(visit, kinds, subject))
    word = "recorded_nothing" if done.event is None else "recorded_waits" if done.pending else "recorded"
    with visit.desk.mirror.read(visit.desk.portal) as work:
        people = users_of(work, address_of(address))
    ref = subject or (people[0].ref if len(people) == 1 else None)
    return visit.back(f"/people/{ref}" if ref else "/record/no", word)


def _act(visit: Visit, kinds: Sequence[EventType], subject: str | None) -> act.Act:
    desk, key, ends = visit.desk, visit.field("purpose"), visit.field("valid_until")
    files = _files(visit)
    if subject is not None and not REF.match(subject):
        raise ConfigurationError(
            "That is no reference.",
            where="subject",
            kind="no_such_reference",
            next_step="Copy it from the person's page.",
        )
    return act.Act(
        type=EventType(visit.one_of("type", kinds)),
        source=Source(visit.one_of("source", DOORS)),
        at=moment(visit.field("at"), desk.zone, desk.clock.now()),
        purpose=None if key == ALL_MARKETING else purpose_of(desk.purposes, key),
        wording=_text(visit, "wording"),
        notice=_text(visit, "notice"),
        evidence=files,
        keep=visit.field("keep") == "yes" or any(each.name == NOTE for each in files),
        signed=visit.field("signed") == "yes",
        address_control=visit.field("address_control") == "yes",
        actor=_actor(visit),
        language=visit.field("language") or None,
        valid_until=until(ends, desk.zone) if ends else None,
        sale=visit.field("sale") or None,
        subject=subject if kinds is YESES else None,
    )


def _actor(visit: Visit) -> str:
    said = visit.one_of("actor", ACTORS)
    return visit.actor if said == "staff" else said


def _text(visit: Visit, name: str) -> act.File | None:
    said = visit.field(name)
    return act.File(f"{name}.txt", said.encode()) if said else None


def _files(visit: Visit) -> list[act.File]:
    """The file that was chosen, and the note that was typed; a note is always kept, its hash says nothing."""
    sent, note = visit.files.get("evidence"), visit.field("note")
    found = [act.File(sent.name, sent.data)] if sent else []
    return [*found, act.File(NOTE, note.encode())] if note else found
