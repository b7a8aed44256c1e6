"""What the table and the formula say about somebody new, worked out once for all who are alike.

A first read meets the same few situations a million times: one address, nothing recorded, one status for
each of some types, each dated long enough ago that no clock matters. What follows from such a situation
differs between two people in their reference and their dates alone. So it is worked out by the ordinary path
- the same table, formula and projection - for two made-up people, and is a pattern only where filling in the
second one's values gives byte for byte what the ordinary path answered for the second one. Whatever is not
that simple (a letter, a question, a yes that may be mailed, two dates so close that clocks decide) has no
pattern and goes the ordinary way.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Final, NamedTuple

from connector.acts import sightings
from connector.acts.case import Case
from connector.acts.desk import Desk
from connector.acts.facts import Facts
from connector.acts.projection import NO_ROW, may_be_sendable, state_row
from connector.acts.tally import Tally
from connector.acts.weighing import weigh
from connector.consent.events import Event, Source
from connector.consent.state import SIGMA_LIMIT_MS
from connector.store.observed import ObservedLike, ObservedRow
from connector.store.payloads import Draft, encode
from connector.store.people import Address, AddressKind, Person
from connector.store.states import StateLike, StateRow
from mappings.records import Contact, Preferences, StatusRow, WideRow

#: From here on a date is past for everybody: no allowance for clocks reaches so far.
PAST_MS: Final = 2 * SIGMA_LIMIT_MS
KEPT: Final = 4_096  # situations remembered; a portal has some dozens
LEARNT_AT = 2  # times that a situation is met

#: One status: type, status, source, basis, explained, dated.
Word = tuple[int, str, str | None, str | None, bool, bool]
#: One opt-out of everything: kind, status, business unit, dated.
WideWord = tuple[str, str, int | None, bool]


class Told(NamedTuple):
    """What was read about one address. `words` None: the statuses were not read, and `noes` are what the
    properties show (0: of everything)."""

    kind: AddressKind
    words: tuple[Word, ...] | None
    wide: tuple[WideWord, ...] = ()
    noes: tuple[int, ...] = ()


class Situation(NamedTuple):
    """All that the answer depends on, references and dates aside. `order`: which date is older than which,
    where that may matter; equal ones have the same number."""

    told: tuple[Told, ...]  # the primary address first
    order: tuple[int, ...] = ()


class Someone(NamedTuple):
    """Whose values are filled in. Times are ms UTC; `dates` in the order of the situation's words."""

    refs: tuple[str, ...]
    now: int
    dates: tuple[int, ...]

    def spelled(self) -> tuple[str, ...]:
        """As they stand in texts; a longer reference first, as the shorter one begins it."""
        refs = self.refs
        if len(refs) == 1:
            return (refs[0], refs[0][:16], str(self.now), *map(str, self.dates))
        return (*refs, *(ref[:16] for ref in refs), str(self.now), *map(str, self.dates))


class Text(NamedTuple):
    """A text with places for someone's values."""

    template: str
    pick: Callable[[Sequence[str]], Any] | None

    def of(self, values: Sequence[str]) -> str:
        """Filled in."""
        return self.template if self.pick is None else self.template % self.pick(values)


class Entry(NamedTuple):
    """One entry; `like` holds what is the same for everybody."""

    like: Draft
    payload: Text
    source_ref: Text | None

    def of(self, values: Sequence[str]) -> Draft:
        """Filled in."""
        kind, purpose, basis, grade, *_ = self.like
        source_ref = None if self.source_ref is None else self.source_ref.of(values)
        return Draft(kind, purpose, basis, grade, self.payload.of(values).encode(), source_ref)


class Seen(NamedTuple):
    """One standing status; `date` is the place of its time among someone's dates."""

    like: ObservedRow
    ref: int
    date: int | None
    observation: Text | None


class Stands(NamedTuple):
    """One purpose's state. Times are places in (now, recorded at, *dates). `deciding`: places in the entries;
    of several of one moment the one with the highest id decides, as it does in the formula."""

    purpose: str
    like: StateRow
    since: int | None
    last_no: int | None
    expires_at: int | None
    deciding: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What follows from one situation."""

    entries: tuple[Entry, ...]
    seen: tuple[Seen, ...]
    states: tuple[Stands, ...]
    rows: Mapping[int, int]  # how often each row of the table decided
    says_no: bool
    tied: bool  # ids decide somewhere

    def drafts(self, values: Sequence[str]) -> list[Draft]:
        """The entries of someone."""
        return [entry.of(values) for entry in self.entries]

    def observed(self, who: Someone, values: Sequence[str]) -> list[ObservedLike]:
        """The statuses that stand."""
        return [
            (
                like,
                who.refs[ref],
                None if date is None else who.dates[date],
                None if observation is None else observation.of(values),
                who.now,
            )
            for like, ref, date, observation in self.seen
        ]

    def stands(
        self, person: int, who: Someone, recorded_at: int, first_seq: int, ids: Sequence[Any]
    ) -> list[StateLike]:
        """The states, once the entries have their numbers and their time; `ids` where they are tied."""
        times = (who.now, recorded_at, *who.dates)
        return [
            (
                person,
                purpose,
                like,
                None if since is None else times[since],
                None if last_no is None else times[last_no],
                None if expires_at is None else times[expires_at],
                first_seq + (deciding[0] if len(deciding) == 1 else max(deciding, key=ids.__getitem__))
                if deciding
                else None,
            )
            for purpose, like, since, last_no, expires_at, deciding in self.states
        ]


def pattern_of(desk: Desk, situation: Situation) -> Pattern | None:
    """What follows from a situation by this desk's rules; None: whoever is in it goes the ordinary way.

    So does who is the first in it: to learn a pattern costs more than to decide one person.
    """
    key = (desk.purposes, desk.subject_sources, desk.sigma_ms, situation)
    found = _known.get(key, 0)
    if not isinstance(found, int):
        return found
    if len(_known) >= KEPT:
        _known.clear()
    if found + 1 < LEARNT_AT:
        _known[key] = found + 1
        return None
    made = _known[key] = _learnt(desk, situation)
    return made


#: By situation: its pattern, None where it has none, or how often it was met so far.
_known: dict[tuple[object, ...], Pattern | int | None] = {}

#: Two people who are nobody: values that neither repeat in one another nor in any word of ours.
_REFS: Final = (
    ("f0e1d2c3b4a5968778695a4b3c2d1e0f", "3c9d27e18f60b54a77e2c0d9164fa8b5"),
    ("0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d", "d7a1f4509be263c8402d8ef3917c5ba6"),
)
_NOW: Final = (1_790_123_456_781, 1_876_624_691_348)
_RECORDED: Final = (1_790_123_499_993, 1_876_624_732_361)
_LATEST: Final = (1_203_040_506_077, 1_876_624_691_348 - PAST_MS - 1_017)
_FIRST_SEQ: Final = (7_000_001, 8_000_003)
_STEP: Final = 977_310_531  # between two dates: far more than clocks differ


def _learnt(desk: Desk, situation: Situation) -> Pattern | None:
    one, other = (_answer(desk, situation, number) for number in (0, 1))
    if one is None or other is None:
        return None
    pattern = _taken(one, other)
    if pattern is None or not (_yields(pattern, one) and _yields(pattern, other)):
        return None
    last = range(len(pattern.entries) if pattern.tied else 0)
    again = (_answer(desk, situation, 1, last=each) for each in last)
    return pattern if all(each is not None and _yields(pattern, each) for each in again) else None


def _someone(situation: Situation, number: int) -> Someone:
    """One of the two made-up people. Where no order matters, the one's dates fall and the other's rise."""
    told = situation.told
    dated = sum(word[-1] for each in told for word in each.words or ())
    dated += sum(word[-1] for each in told for word in each.wide)
    order = situation.order or (range(dated) if number else range(dated)[::-1])
    ages = [max(order) - each for each in order] if dated else []
    dates = tuple(_LATEST[number] - _STEP * age for age in ages)
    return Someone(_REFS[number][: len(situation.told)], _NOW[number], dates)


class _Answer(NamedTuple):
    """What the ordinary path says about one made-up person."""

    who: Someone
    recorded_at: int
    first_seq: int
    drafts: tuple[Draft, ...]
    seen: tuple[ObservedRow, ...]
    states: tuple[tuple[str, StateRow], ...]
    rows: Mapping[int, int]
    says_no: bool
    ids: tuple[str, ...]


def _answer(desk: Desk, situation: Situation, number: int, last: int | None = None) -> _Answer | None:
    """By the ordinary path; None where anything follows that is not told here. `last`: the entry that has the
    highest id."""
    who = _someone(situation, number)
    recorded_at, first_seq = _RECORDED[number], _FIRST_SEQ[number]
    case, tally = Case(desk, _facts(desk, situation, who), _sightings(situation, who)), Tally()
    weigh(case, tally)
    if case.letters_due or case.questions or case.flags or case.restricted:
        return None
    drafts = [_draft(event) for event in case.fresh]
    says_no = any(event.is_no for event in case.fresh)
    ids = tuple(_id(place, number, last) for place in range(len(case.fresh)))
    case.recorded(
        [
            replace(event, id=ids[place], seq=first_seq + place, recorded_at=recorded_at)
            for place, event in enumerate(case.fresh)
        ]
    )
    states = []
    for purpose in desk.purposes:
        standing = case.standing(purpose)
        row = state_row(case.events, standing, None, case.rows.get(purpose.key), None)
        if may_be_sendable(row, standing, purpose):
            return None
        if row != NO_ROW:
            states.append((purpose.key, row))
    known = [draft for draft in drafts if draft is not None]
    if len(known) < len(drafts):
        return None
    seen = tuple(row for each in case.sightings.values() for row in each.changed)
    return _Answer(who, recorded_at, first_seq, tuple(known), seen, tuple(states), tally.rows, says_no, ids)


def _id(place: int, number: int, last: int | None) -> str:
    """The one's ids rise and the other's fall, as those of one moment do by chance: what they decide is none
    of the situation's."""
    return f"{0x2000 if place == last else 0x1000 - place if number else place:032x}"


def _facts(desk: Desk, situation: Situation, who: Someone) -> Facts:
    return Facts(
        person=Person(1, ""),
        addresses=[
            Address(1, ref, told.kind, _name(ref), _name(ref))
            for ref, told in zip(who.refs, situation.told, strict=True)
        ],
        contacts=(),
        events=(),
        observed=(),
        states={},
        suppressed=False,
        others=(),
        now=who.now,
        sigma_ms=desk.sigma_ms,
    )


def _name(ref: str) -> str:
    return f"{ref[::-1]}@example.org"


def _sightings(situation: Situation, who: Someone) -> dict[str, sightings.Sighting]:
    dates = iter(who.dates)
    return {
        ref: _by_properties(told, ref, who) if told.words is None else _by_statuses(told, ref, who, dates)
        for ref, told in zip(who.refs, situation.told, strict=True)
    }


def _by_properties(told: Told, ref: str, who: Someone) -> sightings.Sighting:
    noes = frozenset(told.noes)
    contact = Contact(id=1, email=_name(ref), opted_out_of_all=0 in noes, opted_out_of=noes - {0})
    said = sightings.said_by_properties(contact, ref, who.now)
    return sightings.sighting(ref, said, {}, full=False)


def _by_statuses(told: Told, ref: str, who: Someone, dates: Iterator[int]) -> sightings.Sighting:
    rows = tuple(
        StatusRow(
            address=_name(ref),
            subscription=subscription,
            status=status,
            at=next(dates) if dated else None,
            source=source,
            basis=basis,
            explanation=sightings.EXPLAINED if explained else None,
        )
        for subscription, status, source, basis, explained, dated in told.words or ()
    )
    wide = tuple(
        WideRow(
            address=_name(ref),
            kind=kind,
            status=status,
            at=next(dates) if dated else None,
            business_unit=unit,
        )
        for kind, status, unit, dated in told.wide
    )
    read = Preferences(address=_name(ref), statuses=rows, wide=wide, read_at=who.now)
    said = sightings.said_by_preferences(read, ref, who.now)
    given = frozenset(row.subscription for row in rows if row.explanation)
    return sightings.sighting(ref, said, {}, full=True, explained=given)


def _draft(event: Event) -> Draft | None:
    """As the log takes it; None for an event that holds more than a draft can."""
    if event.wording or event.notice or event.source is not Source.HUBSPOT or event.target:
        return None
    return Draft(event.type, event.purpose, event.basis, event.grade, encode(event), event.source_ref)


def _taken(answer: _Answer, other: _Answer) -> Pattern | None:
    """The pattern in one answer; None where a number in it is none of the person's. What decides otherwise in
    the other one is decided by ids."""
    values = answer.who.spelled()
    times = (answer.who.now, answer.recorded_at, *answer.who.dates)
    try:
        states = tuple(
            _stands(purpose, row, times, (_deciding(row, answer), _deciding(same, other)))
            for (purpose, row), (_, same) in zip(answer.states, other.states, strict=True)
        )
        return Pattern(
            entries=tuple(_entry(draft, values) for draft in answer.drafts),
            seen=tuple(_seen(row, answer.who, values) for row in answer.seen),
            states=states,
            rows=dict(answer.rows),
            says_no=answer.says_no,
            tied=any(len(each.deciding) > 1 for each in states),
        )
    except ValueError:
        return None


def _entry(draft: Draft, values: Sequence[str]) -> Entry:
    source_ref = None if draft.source_ref is None else _text(draft.source_ref, values)
    return Entry(draft, _text(draft.payload.decode(), values), source_ref)


def _seen(row: ObservedRow, who: Someone, values: Sequence[str]) -> Seen:
    date = None if row.at is None else who.dates.index(row.at)
    return Seen(
        row,
        who.refs.index(row.ref),
        date,
        None if row.observation is None else _text(row.observation, values),
    )


def _deciding(row: StateRow, answer: _Answer) -> int | None:
    return None if row.seq is None else row.seq - answer.first_seq


def _stands(
    purpose: str, row: StateRow, times: tuple[int, ...], deciding: tuple[int | None, int | None]
) -> Stands:
    since, last_no, expires_at = (
        None if each is None else times.index(each) for each in (row.since, row.last_no, row.expires_at)
    )
    places = tuple(sorted({place for place in deciding if place is not None}))
    return Stands(purpose, row, since, last_no, expires_at, places)


def _text(spelled: str, values: Sequence[str]) -> Text:
    parts = re.split("|".join(f"({value})" for value in values), spelled)
    literal, places = [], []
    width = len(values) + 1
    for number, part in enumerate(parts):
        if number % width == 0:
            literal.append(part or "")
        elif part is not None:
            places.append(number % width - 1)
    if not places:
        return Text(spelled, None)
    template = "%s".join(each.replace("%", "%%") for each in literal)
    return Text(template, itemgetter(*places))


def _yields(pattern: Pattern, answer: _Answer) -> bool:
    """Filled in with this person's values it is exactly what the ordinary path said."""
    who, values = answer.who, answer.who.spelled()
    seen = [
        replace(like, ref=ref, at=at, observation=observation, first_seen=now, read_at=now)
        for like, ref, at, observation, now in pattern.observed(who, values)
    ]
    states = [
        (purpose, replace(like, since=since, last_no=last_no, expires_at=expires_at, seq=seq))
        for _, purpose, like, since, last_no, expires_at, seq in pattern.stands(
            1, who, answer.recorded_at, answer.first_seq, answer.ids
        )
    ]
    return (
        tuple(pattern.drafts(values)) == answer.drafts
        and tuple(seen) == answer.seen
        and tuple(states) == answer.states
        and pattern.rows == answer.rows
        and pattern.says_no == answer.says_no
    )
