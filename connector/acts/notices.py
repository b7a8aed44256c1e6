"""`notices`: who has been told what and when, and whose month is running out (Art. 13, 14).

Somebody whose data came from elsewhere is told by mail, once; what they saw at a sign-up counts as told too.
Nobody who is restricted, erased or suppressed is written to: they are listed with the obstacle, for a person
to tell them by another way.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector.acts.desk import Desk
from connector.acts.mail_out import Letter, Queued, queue, screen
from connector.acts.projection import project
from connector.consent import wordings
from connector.consent.calendar import local_day, notice_due
from connector.consent.events import Event, Overlay, Source
from connector.consent.letters import LetterKind
from connector.consent.notice_text import LACKS, lacks
from connector.consent.notices import OWN, Clock, alarm_before, came_from_elsewhere, clock, overdue_before
from connector.errors import Refused
from connector.report.discrepancies import DETAILED, Kind
from connector.report.findings import Sighting, without_person
from connector.store.contacts import ContactRow
from connector.store.informed import Owed, Told
from connector.store.mail import MailRow, MailState
from connector.store.people import Address, AddressKind, Person
from connector.store.work import Work
from mappings.addresses import mask
from mappings.times import iso

PAGE: Final = 500
NO_ADDRESS: Final = "no_address"
HELD_DAY: Final = "notices_held"  # in meta: the local day on which the policy was applied last
#: Where data came from, in a sentence (Art. 14(2)(f)); HubSpot's word for how the record was made.
SOURCES: Final[Mapping[str, Mapping[str, str]]] = {
    "IMPORT": {
        "sv": "De kom till oss i en lista som vi läste in i vårt kundregister.",
        "en": "They reached us in a list that we read into our customer register.",
    },
    "INTEGRATION": {
        "sv": "De kom till oss genom ett annat system som är kopplat till vårt kundregister.",
        "en": "They reached us through another system that is connected to our customer register.",
    },
    "API": {
        "sv": "De kom till oss genom ett annat system som är kopplat till vårt kundregister.",
        "en": "They reached us through another system that is connected to our customer register.",
    },
    "CRM_UI": {
        "sv": "En av våra medarbetare skrev in dem i vårt kundregister.",
        "en": "One of our staff entered them into our customer register.",
    },
}
UNKNOWN_SOURCE: Final = {
    "sv": "Hur de kom in i vårt kundregister framgår inte av registret. Fråga oss gärna.",
    "en": "Our register does not show how they came into it. Please ask us.",
}
OWN_SOURCE: Final = {"sv": "Du lämnade dem själv till oss.", "en": "You gave them to us yourself."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Informed:
    """One person: since when and from where we have their data, what they were told, how the clock stands.

    `letter`: the notice to them where one was queued. `stop`: why none can be sent. Times in ms UTC.
    """

    person: Person
    address: Address | None
    elsewhere: bool
    object_source: str | None
    obtained_at: int
    due_at: int | None
    clock: Clock
    told: Sequence[Told]
    letter: MailRow | None = None
    stop: str | None = None

    @property
    def waits(self) -> bool:
        """They have to be told yet."""
        return self.elsewhere and self.clock is not Clock.TOLD

    def document(self) -> dict[str, Any]:
        """One entry of `notices --json`."""
        return {
            "subject": self.person.ref,
            "address": mask(self.address.original) if self.address else None,
            "article": 14 if self.elsewhere else 13,
            "object_source": self.object_source,
            "obtained_at": iso(self.obtained_at),
            "due_at": iso(self.due_at),
            "clock": self.clock,
            "told": [{"notice": t.notice, "at": iso(t.at), "by": t.kind} for t in self.told],
            "letter": None if self.letter is None else str(self.letter.state),
            "stop": self.stop,
        }


class Notices:
    """Walks the register once; the counts are whole when the walk is over."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.counts: Counter[str] = Counter({str(each): 0 for each in Clock} | {"stopped": 0})

    def walk(self, *, due: bool = False) -> Iterator[Informed]:
        """Everyone, page by page from one snapshot; `due`: only who has to be told yet."""
        with self._desk.mirror.read(self._desk.portal) as work:
            after = 0
            while people := work.people.page(after, PAGE):
                after = people[-1].id
                for each in informed(self._desk, work, people):
                    self._count(each)
                    if each.waits or not due:
                        yield each

    def _count(self, each: Informed) -> None:
        """Somebody restricted is stored and nothing else: no clock makes us write to them."""
        is_restricted = each.person.overlay is Overlay.RESTRICTED
        if each.clock is Clock.TOLD or (each.elsewhere and not is_restricted):
            self.counts[str(each.clock)] += 1
        self.counts["stopped"] += each.waits and each.stop is not None

    def document(self) -> dict[str, Any]:
        """The counts, once the walk is over."""
        return {"counts": dict(self.counts)}


def informed(desk: Desk, work: Work, people: Sequence[Person]) -> list[Informed]:
    """How it stands with these people."""
    ids = [person.id for person in people]
    told, contacts = work.informed.told(ids), work.contacts.of_persons(ids)
    addresses, letters = work.people.addresses(ids), work.mail.of_people(ids)
    without = [number for number in ids if not contacts.get(number)]
    events = work.log.events_of(without) if without else {}
    return [
        _one(
            desk,
            work,
            person,
            _origin(desk, person, contacts.get(person.id, ()), events.get(person.id, ())),
            told.get(person.id, ()),
            next((a for a in addresses.get(person.id, ()) if a.kind is not AddressKind.PAST), None),
            next((m for m in reversed(letters.get(person.id, [])) if m.kind == LetterKind.NOTICE), None),
        )
        for person in people
    ]


@dataclass(frozen=True, slots=True)
class _Origin:
    elsewhere: bool
    object_source: str | None
    obtained_at: int


def _origin(desk: Desk, person: Person, contacts: Sequence[ContactRow], events: Sequence[Event]) -> _Origin:
    """The earliest record from elsewhere counts; without any record, the door of their own acts."""
    own = desk.own_sources
    live = [row for row in contacts if row.gone_at is None] or list(contacts)
    others = [row for row in live if came_from_elsewhere(row.object_source, own)]
    if live:
        first = min(others or live, key=_obtained)
        return _Origin(bool(others), first.object_source, _obtained(first))
    by_themselves = any(each.by_person and each.source is not Source.IMPORT for each in events)
    return _Origin(not by_themselves, None if by_themselves else "IMPORT", person.created_at)


def _obtained(row: ContactRow) -> int:
    return row.first_seen if row.created_at is None else row.created_at


def _one(
    desk: Desk,
    work: Work,
    person: Person,
    origin: _Origin,
    told: Sequence[Told],
    address: Address | None,
    letter: MailRow | None,
) -> Informed:
    if told or not origin.elsewhere:
        stands, stop = (Clock.TOLD if told else Clock.OPEN), None
    else:
        stands = clock(origin.obtained_at, desk.clock.now(), desk.zone)
        stop = _stop(work, person, address)
    return Informed(
        person=person,
        address=address,
        elsewhere=origin.elsewhere,
        object_source=origin.object_source,
        obtained_at=origin.obtained_at,
        due_at=notice_due(origin.obtained_at, desk.zone) if origin.elsewhere and not told else None,
        clock=stands,
        told=told,
        letter=letter,
        stop=stop,
    )


def _stop(work: Work, person: Person, address: Address | None) -> str | None:
    if person.overlay is Overlay.RESTRICTED or address is None:
        return str(person.overlay or NO_ADDRESS).lower()
    return screen(work, LetterKind.NOTICE, address.normalised, person.id)


# --- sending -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """A notice that may be sent, in one language: its canonical bytes."""

    language: str
    data: bytes


@dataclass(slots=True)
class Queueing:
    """What a run came to, or would."""

    queued: int = 0
    waiting: int = 0  # queued before
    parked: int = 0  # a mail server refused the letter
    stopped: Counter[str] = field(default_factory=Counter)
    people: list[Informed] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Part of `notices send --json`."""
        return {
            "queued": self.queued,
            "waiting": self.waiting,
            "parked": self.parked,
            "stopped": dict(self.stopped),
        }


def checked(desk: Desk, texts: Mapping[str, str]) -> dict[str, Text]:
    """The notices as they may be sent. Raises Refused where there is none, or where one lacks something."""
    if not texts:
        raise Refused(
            "There is no notice to send.",
            where="notices",
            kind="no_notice",
            next_step="Name the text's file under [notices], for sv, en or both.",
        )
    controller, found = desk.controller, {}
    for language, text in texts.items():
        wrong = lacks(
            text, language, controller=controller.name, contact=controller.contact, purposes=desk.purposes
        )
        if wrong:
            raise Refused(
                " ".join(LACKS[each]["en"] for each in wrong),
                where=f"notices.{language}",
                kind="notice_lacks",
                next_step="Mend the text; `consent-mirror notices text` checks it again.",
            )
        found[language] = Text(language, wordings.canonical(text))
    return found


def send(
    desk: Desk,
    texts: Mapping[str, Text],
    *,
    confirm: bool,
    limit: int | None = None,
    only_alarm: bool = False,
) -> Queueing:
    """Queue the notice for everyone who has to be told yet; without `confirm` only say to how many.

    The same notice is queued once for a person, however often this is called. `only_alarm`: from day 20 on.
    """
    done = Queueing()
    after = 0
    while True:
        with desk.mirror.read(desk.portal) as work:
            people = work.people.page(after, PAGE)
            due = [each for each in informed(desk, work, people) if each.waits]
        if not people:
            return done
        after = people[-1].id
        chosen: list[Informed] = []
        for each in due:
            if only_alarm and each.clock is Clock.OPEN:
                continue
            if limit is not None and done.queued + len(chosen) >= limit:
                break
            if _takes(done, each):
                chosen.append(each)
        done.queued += _queue(desk, texts, chosen) if confirm else len(chosen)
        if limit is not None and done.queued >= limit:
            return done


def _takes(done: Queueing, each: Informed) -> bool:
    """Somebody who can and must be written to now."""
    if each.stop is not None:
        done.stopped[each.stop] += 1
    elif each.letter is not None and each.letter.state is MailState.WAITING:
        done.waiting += 1
    elif each.letter is not None and each.letter.state is MailState.PARKED:
        done.parked += 1
    else:
        return True
    return False


def _queue(desk: Desk, texts: Mapping[str, Text], people: Sequence[Informed]) -> int:
    """In transactions of a few: nobody waits long for the database."""
    queued = 0
    for start in range(0, len(people), 50):
        with desk.mirror.write(desk.portal) as work:
            for each in people[start : start + 50]:
                letter = notice_letter(desk, work, texts, each)
                queued += queue(desk, work, letter) is Queued.WAITING
    return queued


def notice_letter(desk: Desk, work: Work, texts: Mapping[str, Text], each: Informed) -> Letter:
    """The letter to one person. The notice's text is kept as a blob by its hash."""
    assert each.address is not None  # noqa: S101 - somebody without one is stopped
    usual = next((name for name in desk.controller.languages if name in texts), next(iter(texts)))
    spoken = _spoken(work, each.person)
    text = texts[spoken if spoken is not None and spoken in texts else usual]
    hashed = work.blobs.put(wordings.NOTICE, text.data, text.language)
    work.blobs.used(hashed, "notices", desk.clock.now())
    return Letter(
        kind=LetterKind.NOTICE,
        key=f"notice:{each.person.ref}:{hashed}",
        address=each.address.original,
        person_id=each.person.id,
        language=text.language,
        notice=hashed,
        facts={
            "notice": text.data.decode(),
            "source": _source(each, text.language),
            "collected": each.obtained_at,
        },
    )


def _spoken(work: Work, person: Person) -> str | None:
    """The language in which somebody dealt with us last."""
    events = work.log.events_of([person.id]).get(person.id, ())
    return next((each.language for each in reversed(events) if each.by_person and each.language), None)


def _source(each: Informed, language: str) -> str:
    if not each.elsewhere:
        return OWN_SOURCE[language]
    return SOURCES.get((each.object_source or "").upper(), UNKNOWN_SOURCE)[language]


# --- the policy ------------------------------------------------------------------------------------------


def hold_overdue(desk: Desk) -> int:
    """Where nobody may be mailed whose notice is overdue: once a local day, work out anew who that is."""
    today = local_day(desk.clock.now(), desk.zone).isoformat()
    if not desk.block_overdue:
        return 0
    with desk.mirror.read(desk.portal) as work:
        if work.meta.get(HELD_DAY) == today:
            return 0
        before = overdue_before(desk.clock.now(), desk.zone)
        late = [number for number, _ in work.informed.longest_waiting(_own(desk), before, None)]
    for start in range(0, len(late), 50):
        with desk.mirror.write(desk.portal) as work:
            for number in late[start : start + 50]:
                project(desk, work, number)
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(HELD_DAY, today)
    return len(late)


# --- status and report -------------------------------------------------------------------------------------


def owed(desk: Desk, work: Work) -> Owed:
    """How many wait to be told, for `status`."""
    now = desk.clock.now()
    return work.informed.owed(
        _own(desk),
        alarm_before=alarm_before(now, desk.zone),
        overdue_before=overdue_before(now, desk.zone),
    )


def longest_waiting(desk: Desk, limit: int) -> list[Informed]:
    """Those who have to be told yet, the longest waiting first; found without walking the whole register."""
    with desk.mirror.read(desk.portal) as work:
        found = [n for n, _ in work.informed.longest_waiting(_own(desk), desk.clock.now() + 1, limit)]
        people = work.people.by_ids(found)
        return informed(desk, work, [people[number] for number in found if number in people])


def _own(desk: Desk) -> tuple[str, ...]:
    return (*sorted(OWN), *desk.own_sources)


def for_the_report(desk: Desk) -> tuple[Sighting, ...]:
    """Overdue notices, and letters that a mail server refused, as discrepancies of the nightly report."""
    with desk.mirror.read(desk.portal) as work:
        before = overdue_before(desk.clock.now(), desk.zone)
        late = work.informed.longest_waiting(_own(desk), before, DETAILED)
        parked = work.mail.parked(DETAILED)
    return (
        *(
            Sighting(kind=Kind.NOTICE_OVERDUE, since=notice_due(at, desk.zone), person_id=number)
            for number, at in late
        ),
        *(_refused(row) for row in parked),
    )


def _refused(row: MailRow) -> Sighting:
    since = row.ended_at or row.queued_at
    if row.person_id is None:
        return without_person(Kind.LETTER_REFUSED, since, f"{row.kind}:{row.id}")
    return Sighting(
        kind=Kind.LETTER_REFUSED, since=since, person_id=row.person_id, reference=f"{row.kind}:{row.id}"
    )
