"""HubSpot's word beside the mirror's, for each address and purpose of a case: what the table is asked."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from connector.acts import sightings
from connector.acts.case import Case
from connector.acts.facts import NOES_STAND
from connector.acts.letters import letter_for
from connector.acts.reviews import APPROVE, answered, key_of, review_of
from connector.acts.sightings import Sighting
from connector.acts.tally import Tally
from connector.consent.decision import Decision, Push
from connector.consent.echo import OwnWrite, is_echo
from connector.consent.entries import entries
from connector.consent.events import ALL_MARKETING, Event, EventType, Overlay, Source, State
from connector.consent.pairing import evidence_of
from connector.consent.situate import Context, Reading, situate
from connector.consent.situation import Identity, Privacy, Write
from connector.consent.state import wide_no_stands
from connector.consent.table import decide
from connector.store.observed import WIDE, ObservedRow
from connector.store.outbox import Letter, Origin
from connector.store.people import Address
from mappings.purposes import Purpose
from mappings.sources import SourceKind, kind_of
from mappings.words import Status

PASSES = 3  # a no found last reaches the first address in the second pass, and is settled in the third
SILENCE = 21  # nobody said anything, here or there
#: What these rows append settles their own cell: asked again they answer "agreement" (9) or the same.
SETTLED = frozenset({1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 17, 19, SILENCE})
SUBSCRIBED_SHOWN = (EventType.CLAIM, EventType.GRANT, EventType.PUSH_CONFIRMED, EventType.DRIFT)

_decided = lru_cache(maxsize=4_096)(decide)


def weigh(case: Case, tally: Tally) -> None:
    """Every address and purpose; again where another address's no has changed what a decision rested on."""
    case.append(event for each in case.sightings.values() for event in _dated(each))
    case.append(_unread(case))
    deferred = _deferred(case)
    rested_on: dict[tuple[str, str], int] = {}
    for _ in range(PASSES):
        before = len(case.fresh)
        for address in case.facts.present:
            seen = case.sightings.get(address.ref)
            if seen is not None:
                _weigh(case, address, seen, deferred, rested_on, tally)
        if len(case.fresh) == before:
            return


def _weigh(
    case: Case,
    address: Address,
    seen: Sighting,
    deferred: set[tuple[str, str]],
    rested_on: dict[tuple[str, str], int],
    tally: Tally,
) -> None:
    for purpose in case.desk.purposes:
        key = (address.ref, purpose.key)
        version = case.version(purpose)
        if key in deferred or rested_on.get(key) == version:
            continue
        row = _decide(case, address, purpose, seen, tally)
        rested_on[key] = case.version(purpose) if row in SETTLED else version


def _dated(seen: Sighting) -> list[Event]:
    """A later date fills the same observation; it is no second no (design 4.4)."""
    return [
        Event(
            type=EventType.DATED,
            t_lo=row.at,
            t_hi=row.at,
            observed_at=row.at,
            source=Source.HUBSPOT,
            source_ref=f"dated:{row.observation}",
            address=row.ref,
            observation=row.observation,
        )
        for row in seen.dates
    ]


def _unread(case: Case) -> Iterable[Event]:
    """A no that was seen without its date and changed before it could be read: an undated no (row 4)."""
    recorded = {event.observation for event in case.events}
    for row in case.facts.observed:
        seen = case.sightings.get(row.ref)
        now = seen.rows.get(row.subscription) if seen is not None else None
        was_no = row.status == Status.UNSUBSCRIBED and not row.dated and row.observation not in recorded
        if was_no and now is not None and now.status != Status.UNSUBSCRIBED:
            yield from _undated_no(case, row)


def _undated_no(case: Case, row: ObservedRow) -> Iterable[Event]:
    purpose = case.desk.purposes.of_subscription(row.subscription)
    if row.subscription != WIDE and purpose is None:
        return
    yield Event(
        type=EventType.OBJECT if purpose is None else EventType.WITHDRAW,
        purpose=ALL_MARKETING if purpose is None else purpose.key,
        source=Source.HUBSPOT,
        source_ref=f"unread:{row.observation}",
        address=row.ref,
        observation=row.observation,
        row=4,
    )


def _deferred(case: Case) -> set[tuple[str, str]]:
    """An opt-out seen only as a property on someone granted: blocks sending, waits for its date."""
    return {
        (ref, purpose.key)
        for ref, each in case.sightings.items()
        for purpose in case.desk.purposes
        if _undated(each, purpose) and case.standing(purpose).state is State.GRANTED
    }


def _undated(seen: Sighting, purpose: Purpose) -> bool:
    row = seen.row(purpose)
    if row is not None and row.status == Status.UNSUBSCRIBED and not row.dated:
        return True
    return purpose.marketing and any(not each.dated for each in seen.wide)


def _decide(case: Case, address: Address, purpose: Purpose, seen: Sighting, tally: Tally) -> int | None:
    """The row that decided; None where nothing was read that could decide."""
    if not (seen.full or seen.row(purpose) or seen.wide):
        return None
    if _is_silent(case, purpose, seen):
        return _note(case, purpose, SILENCE, tally)
    reading = _reading(case, address, purpose, seen)
    decision = _decided(situate(reading, case.standing(purpose), _context(case, purpose, seen)))
    _take_down(case, address, purpose, reading, decision)
    return _note(case, purpose, decision.row, tally)


def _note(case: Case, purpose: Purpose, row: int, tally: Tally) -> int:
    """The last row that decided is the reason; that nobody said anything is none beside another."""
    tally.rows[row] += 1
    if row != SILENCE:
        case.rows[purpose.key] = row
    else:
        case.rows.setdefault(purpose.key, row)
    return row


def _is_silent(case: Case, purpose: Purpose, seen: Sighting) -> bool:
    """Row 21 without asking the table: no word of HubSpot, no act, and nothing that overrules the row."""
    row, around = seen.row(purpose), case.around
    return (
        (row is None or row.status == Status.NOT_SPECIFIED)
        and not seen.wide
        and around.identity is not Identity.ABSENT
        and around.privacy is Privacy.NONE
        and case.facts.person.overlay is None
        and case.standing(purpose).state is State.UNKNOWN
    )


def _reading(case: Case, address: Address, purpose: Purpose, seen: Sighting) -> Reading:
    row, wide = seen.row(purpose), seen.wide
    explained = purpose.subscription_id in seen.explained
    return Reading(
        purpose=purpose,
        address=address.ref,
        now=case.facts.now,
        row=sightings.status_row(row, address.original, explained=explained),
        wide=tuple(sightings.wide_row(each, address.original) for each in wide),
        id=(row.observation if row else None) or _silence(case, address, purpose, row),
        wide_id=next((each.observation or "" for each in wide), ""),
        evidence=case.around.evidence.get((address.ref, purpose.subscription_id))
        or evidence_of(
            case.facts.events, address.ref, purpose, row, case.desk.sigma_ms, case.desk.subject_sources
        ),
    )


def _silence(case: Case, address: Address, purpose: Purpose, row: ObservedRow | None) -> str:
    """What ties the sightings of silence together: since it was cleared, or since the mirror's own state."""
    since = str(row.read_at) if row is not None else _since_when(case, purpose)
    return f"{address.ref[:16]}.{purpose.subscription_id}.silent.{since}"


def _since_when(case: Case, purpose: Purpose) -> str:
    """The moment of the act that decides; its record's own time and id are not known before it is written."""
    found = case.standing(purpose)
    if not found.event:
        return ""
    if found.state in NOES_STAND:
        return str(found.since) if found.last_no_dated else "undated"
    act = next((event for event in case.events if event.id == found.event), None)
    return "undated" if act is None or act.t_lo is None else str(found.since)


def _context(case: Case, purpose: Purpose, seen: Sighting) -> Context:
    own = _own(case, seen, purpose.subscription_id, seen.row(purpose))
    waiting = _letter(case, seen.ref, purpose.subscription_id)
    echo = own and waiting is not None and waiting.confirmed_at is None
    return Context(
        overlay=case.facts.person.overlay,
        write=Write.ECHO if echo else Write.NONE,
        identity=case.around.identity,
        privacy=case.around.privacy,
        own_status=own,
        own_wide=bool(seen.wide) and all(_own(case, seen, 0, row) for row in seen.wide),
        wide_stands=_wide_stands(case),
        confirmed=_was_confirmed(case, purpose, seen),
        units=case.desk.purposes.business_units,
        subject_sources=case.desk.subject_sources,
        sigma_ms=case.facts.sigma_ms,
    )


def _wide_stands(case: Case) -> bool:
    return case.has_wide_no and wide_no_stands(case.standing(each) for each in case.desk.purposes.marketing)


def _letter(case: Case, ref: str, subscription: int) -> Letter | None:
    return next((each for each in case.letters.get(ref, ()) if each.subscription == subscription), None)


def _own(case: Case, seen: Sighting, subscription: int, row: ObservedRow | None) -> bool:
    """Our own write, by our source and HubSpot's time inside the write's window (row 42)."""
    if row is None:
        return False
    kind = SourceKind.API if subscription == WIDE else kind_of(row.source, case.desk.subject_sources)
    return is_echo(row.status, row.at, kind, tuple(_windows(case, seen.ref, subscription)))


def _windows(case: Case, ref: str, subscription: int) -> Iterable[OwnWrite]:
    """Our writes to this type. HubSpot shows an opt-out of everything that we wrote in each type as well."""
    for number in {subscription, WIDE}:
        letter = _letter(case, ref, number)
        if letter is not None and letter.first_sent_at is not None:
            end = letter.confirmed_at if letter.confirmed_at is not None else case.facts.now
            yield OwnWrite(letter.status, letter.first_sent_at, end)


def _was_confirmed(case: Case, purpose: Purpose, seen: Sighting) -> bool:
    """HubSpot once showed SUBSCRIBED for it: as a claim we recorded, or as a write of ours read back."""
    return any(
        event.purpose == purpose.key
        and event.address == seen.ref
        and event.detail.get("status") == Status.SUBSCRIBED
        and event.type in SUBSCRIBED_SHOWN
        for event in case.events
    )


def _take_down(case: Case, address: Address, purpose: Purpose, reading: Reading, decision: Decision) -> None:
    case.append(_referenced(decision, reading))
    case.restricted = case.restricted or decision.overlay is Overlay.RESTRICTED
    push, intent = decision.push, decision.intent
    if decision.needs_review is not None:
        answer = answered(case.reviews, key_of(decision, reading))
        if answer is None:
            _ask(case, purpose, reading, decision)
        elif answer == APPROVE and decision.after_review is not Push.NONE:
            push, intent = decision.after_review, True
    letter = letter_for(push, address, purpose, origin=Origin.RECONCILE, row=decision.row, intent=intent)
    if letter is not None:
        case.letters_due.append(letter)


def _ask(case: Case, purpose: Purpose, reading: Reading, decision: Decision) -> None:
    """Nothing is sent to this person for this purpose until somebody has looked."""
    case.flags[purpose.key] = (decision.hold, True)
    review = review_of(decision, case.person_id, purpose, reading)
    if review is not None:
        case.questions.append(review)


def _referenced(decision: Decision, reading: Reading) -> Iterable[Event]:
    """Each entry names the standing fact it comes from: appended once however often it is decided."""
    made: Sequence[Event] = entries(decision, reading)
    fact, purpose = reading.id or reading.wide_id, reading.purpose.key
    for event in made:
        if event.source_ref is None and fact:
            yield replace(event, source_ref=f"{event.type}:{decision.row}:{purpose}:{fact}")
        else:
            yield event
