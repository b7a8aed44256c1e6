"""Push: the outbox's letters to HubSpot, absolute states, read back before they count as done.

Noes first; a no is repeated for ever, a yes a few times. HubSpot is read before it is written (a repeated
opt-out leaves noise in the person's history, HQ 27) and again afterwards (HQ 28). An ambiguous end is never
repeated blindly: the next attempt begins by reading (design 4.5).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import structlog

from connector.acts.breakers import is_breaker_open, open_breaker, within_breaker
from connector.acts.desk import Desk
from connector.acts.doubt import clocks_agree
from connector.acts.facts import NOES_STAND, Facts, facts_of
from connector.acts.fights import ask as ask_about_fight
from connector.acts.fights import waits_until
from connector.acts.letters import letter_for, queue
from connector.acts.pin import check_portal
from connector.acts.projection import project
from connector.acts.reconcile import reconcile
from connector.acts.sightings import NOT_OUT, said_by_preferences, sighting
from connector.acts.tally import Tally
from connector.consent.decision import Push
from connector.consent.events import ALL_MARKETING, SUBJECT, Event, EventType, Source, State
from connector.consent.gate import Asked, Permission, Refusal, is_fresh, may_subscribe
from connector.consent.situate import Context, Reading, seen, wide_of
from connector.errors import (
    AmbiguousWrite,
    HubSpotRefused,
    HubSpotUnreachable,
    RequestRejected,
    Temporary,
)
from connector.meters import METERS
from connector.store.observed import WIDE
from connector.store.outbox import Letter, Origin, Urgency
from connector.store.people import AddressKind
from connector.store.work import Work
from mappings.purposes import Purpose
from mappings.records import Preferences, StatusRow
from mappings.words import Status, WideType, WriteOutcome

LEASE_MS = 120_000
FIRST_WAIT_MS = 5_000
LAST_WAIT_MS = 15 * 60_000
AGED_WAIT_MS = 120_000  # a letter that never gets as far as an attempt lets the others go first
REJECTED_WAIT_MS = 6 * 3_600_000
YES_ATTEMPTS = 5
SILENT_IN_A_ROW = 3  # letters that HubSpot did not answer: it is away, and not one address odd
MAILABLE = frozenset({State.GRANTED, State.SOFT_OPTIN})
INCIDENT_ROW = 43
FAILED_ROW = 44

log = structlog.get_logger()


@dataclass(slots=True)
class _Errand:
    """One letter on its way."""

    desk: Desk
    letter: Letter
    tally: Tally

    @property
    def address(self) -> str:
        assert self.letter.address is not None  # noqa: S101 - claimed or looked up before it is used
        return self.letter.address


def push(
    desk: Desk,
    tally: Tally,
    *,
    limit: int = 100,
    refs: Iterable[str] | None = None,
    urgent_only: bool = False,
    pinned: bool = False,
) -> None:
    """Send up to `limit` letters that are due. Raises HubSpotRefused, and Temporary when HubSpot is away.

    `pinned`: the caller has just asked whose portal it is.

    One address that HubSpot cannot answer for keeps no other letter from leaving.
    """
    with desk.mirror.write(desk.portal) as work:
        letters = work.outbox.claim(
            limit,
            desk.clock.now(),
            LEASE_MS,
            urgent_only=urgent_only,
            gate_open=first_push_confirmed(work),
            refs=refs,
        )
    silent = 0
    for number, letter in enumerate(letters):
        try:
            if number == 0 and not pinned:
                check_portal(desk, urgent=urgent_only)  # a turn has asked; acts have not
            silent = 0 if _deliver(_Errand(desk, letter, tally)) else silent + 1
            if silent == SILENT_IN_A_ROW:
                raise _away()
        except BaseException:
            _release(desk, letters[number:])
            raise


def _away() -> HubSpotUnreachable:
    return HubSpotUnreachable(
        "HubSpot did not answer for several addresses in a row.",
        where="push",
        next_step="Nothing to do: what waits is tried again, a no for ever.",
    )


def first_push_confirmed(work: Work) -> bool:
    """A person has seen a dry run and said go (design 4.7)."""
    return bool(work.meta.get("first_push_confirmed"))


def _release(desk: Desk, letters: Iterable[Letter]) -> None:
    with desk.mirror.write(desk.portal) as work:
        for letter in letters:
            work.outbox.release(letter)


def _deliver(errand: _Errand) -> bool:
    """False: HubSpot did not answer. Whatever goes wrong, the letter waits before it is tried again."""
    try:
        _carry(errand)
    except RequestRejected as error:
        _rejected(errand, error)
    except AmbiguousWrite as error:
        _again(errand, type(error).__name__)
    except HubSpotUnreachable as error:
        _again(errand, type(error).__name__)
        return False
    except (Temporary, HubSpotRefused) as error:
        _again(errand, type(error).__name__)
        raise
    return True


def _carry(errand: _Errand) -> None:
    if errand.letter.address is None and not _looked_up(errand):
        return
    if errand.letter.status is Status.SUBSCRIBED:
        _subscribe(errand, errand.desk.hubspot.preferences(errand.address))
        return
    before = _read(errand)
    if _reached(errand.letter, before):
        _confirmed(errand, before)
    else:
        _unsubscribe(errand, before)


def _looked_up(errand: _Errand) -> bool:
    """The address of a letter that has nothing but HubSpot's id; gone there means nothing is left to do.

    Its further addresses are opted out here: any of them may be the one that is suppressed (row 34).
    """
    number = errand.letter.contact_id
    contact = None if number is None else errand.desk.hubspot.contact(number)
    if contact is None or not contact.addresses:
        with errand.desk.mirror.write(errand.desk.portal) as work:
            work.outbox.confirm(errand.letter, errand.desk.clock.now())
        return False
    first, *further = contact.addresses
    for address in further:
        if not _opted_out_of_all(errand.desk.hubspot.preferences(address)):
            errand.desk.hubspot.unsubscribe_all(address)
    errand.letter = replace(errand.letter, address=first)
    return True


def _reached(letter: Letter, read: Preferences) -> bool:
    """HubSpot shows the target."""
    if letter.subscription == WIDE:
        return _opted_out_of_all(read)
    row = _row(read, letter.subscription)
    return row is not None and row.status == letter.status


def _opted_out_of_all(read: Preferences) -> bool:
    """Of the whole portal: the opt-out of one brand leaves the others (row 28)."""
    return any(row.status == Status.UNSUBSCRIBED and row.kind == WideType.PORTAL_WIDE for row in read.wide)


def _is_out(read: Preferences) -> bool:
    """Some opt-out of everything stands, in a word that we know or not."""
    return any(row.status not in NOT_OUT for row in read.wide)


def _row(read: Preferences, subscription: int) -> StatusRow | None:
    return next((row for row in read.statuses if row.subscription == subscription), None)


# --- a no ------------------------------------------------------------------------------------------------


def _unsubscribe(errand: _Errand, before: Preferences) -> None:
    if not _may_write(errand):
        return
    hubspot, letter = errand.desk.hubspot, errand.letter
    if letter.subscription == WIDE:
        hubspot.unsubscribe_all(errand.address)
    else:
        hubspot.set_status(errand.address, letter.subscription, Status.UNSUBSCRIBED)
    errand.tally.pushed += 1
    _settle(errand, _read(errand))


def _may_write(errand: _Errand) -> bool:
    """The intent, on disk before the call. False: somebody overwrites us, or the letter was replaced."""
    desk, now = errand.desk, errand.desk.clock.now()
    with desk.mirror.write(desk.portal) as work:
        until = waits_until(work, errand.letter, now)
        letter = work.outbox.attempt(errand.letter, now) if until is None else None
        is_news = until is not None and _fought(work, errand.letter, until, now)
    if is_news:
        errand.tally.events += 1
        errand.tally.incidents += 1
        log.error("incident_fight", purpose=errand.letter.purpose, target=str(errand.letter.status))
    if letter is None:
        return False
    errand.letter = letter if letter.address is not None else replace(letter, address=errand.letter.address)
    return True


def _fought(work: Work, letter: Letter, until: int, now: int) -> bool:
    """Somebody overwrites what we write: it stays pending, later and with a person asked (threat 4). False:
    one is asked already."""
    work.outbox.retry(letter, until)
    _metered(letter, "fought")
    if not ask_about_fight(work, letter, now):
        return False
    work.log.append([(letter.person_id, _entry(EventType.INCIDENT_FIGHT, letter))])
    return True


def _read(errand: _Errand) -> Preferences:
    """What a no is about and nothing else: one call, from the last ones of a window if a person asked."""
    wide = errand.letter.subscription == WIDE
    urgent = errand.letter.urgency is Urgency.ASKED
    return errand.desk.hubspot.preferences(errand.address, statuses=not wide, wide=wide, urgent=urgent)


def _settle(errand: _Errand, after: Preferences) -> None:
    if _reached(errand.letter, after):
        _confirmed(errand, after)
    else:
        _again(errand, "not_shown")


def _confirmed(errand: _Errand, read: Preferences) -> None:
    """Read back: confirmed, logged and remembered in one transaction."""
    letter, now = errand.letter, errand.desk.clock.now()
    with errand.desk.mirror.write(errand.desk.portal) as work:
        work.outbox.confirm(letter, now)
        _metered(letter, "confirmed")
        errand.tally.confirmed += 1
        if letter.person_id is None:
            return
        work.log.append([(letter.person_id, _entry(EventType.PUSH_CONFIRMED, letter))])
        errand.tally.events += 1
        _observe(work, letter, read, now)
        project(errand.desk, work, letter.person_id)
        overtaken = letter.status is Status.SUBSCRIBED and _take_back(errand, work, letter.person_id)
    if overtaken:
        push(errand.desk, errand.tally, refs=[letter.ref], urgent_only=True)


def _take_back(errand: _Errand, work: Work, person_id: int) -> bool:
    """A no came while our yes was on its way: it may have been written before, and is written after it."""
    purpose = errand.desk.purposes.of_subscription(errand.letter.subscription)
    facts = facts_of(errand.desk, work, work.people.by_ids([person_id])[person_id], with_others=False)
    if purpose is None or facts.standing(purpose).state not in NOES_STAND:
        return False
    everything = facts.standing(purpose).wide_no
    _queue_undo(errand, work, person_id, purpose, everything=everything, row=None)
    return True


def _observe(work: Work, letter: Letter, read: Preferences, now: int) -> None:
    """Remember what was read back of this letter's own type; the others are reconcile's to look at."""
    said = [r for r in said_by_preferences(read, letter.ref, now) if r.subscription == letter.subscription]
    held = work.observed.of_refs([letter.ref]).get(letter.ref, [])
    before = {row.subscription: row for row in held}
    work.observed.put(sighting(letter.ref, said, before, full=False).changed)


def _entry(kind: EventType, letter: Letter, **detail: str | int | bool | None) -> Event:
    return Event(
        type=kind,
        purpose=letter.purpose,
        source=Source.SYSTEM,
        address=letter.ref,
        row=letter.row,
        detail={
            "status": str(letter.status),
            "subscription": letter.subscription,
            "attempts": letter.attempts,
            **detail,
        },
    )


def _again(errand: _Errand, reason: str) -> None:
    """Not done: a no is tried for ever, ever slower; a yes a few times, then a person looks (row 44)."""
    letter, desk = errand.letter, errand.desk
    errand.tally.failed += 1
    _metered(letter, "ambiguous" if reason == AmbiguousWrite.__name__ else "again")
    log.warning("push_not_confirmed", reason=reason, attempts=letter.attempts, status=str(letter.status))
    with desk.mirror.write(desk.portal) as work:
        if letter.status is Status.SUBSCRIBED and letter.attempts >= YES_ATTEMPTS:
            work.outbox.park(letter, reason)
        else:
            work.outbox.retry(letter, desk.clock.now() + _wait(letter, desk.clock.now()))
        _log_failure(work, errand, reason)


def _metered(letter: Letter, result: str) -> None:
    METERS.count("push", kind="yes" if letter.status is Status.SUBSCRIBED else "no", result=result)


def _wait(letter: Letter, now: int) -> int:
    """Longer with each attempt; where none was made, with the letter's age."""
    aged = min(max(0, now - letter.queued_at), AGED_WAIT_MS)
    tried: int = FIRST_WAIT_MS * 2 ** min(letter.attempts, 20)
    return max(min(tried, LAST_WAIT_MS), aged)


def _log_failure(work: Work, errand: _Errand, reason: str) -> None:
    """The first failure of a letter is an entry; the repeats are counted in its row."""
    letter = errand.letter
    errand.tally.rows[FAILED_ROW] += 1
    if letter.attempts <= 1 and letter.person_id is not None:
        entry = replace(_entry(EventType.PUSH_FAILED, letter, reason=reason), row=FAILED_ROW)
        work.log.append([(letter.person_id, entry)])
        errand.tally.events += 1


def _rejected(errand: _Errand, error: RequestRejected) -> None:
    """HubSpot will not take it as it is: a yes is parked; a no is kept trying, some times a day."""
    letter, desk = errand.letter, errand.desk
    errand.tally.failed += 1
    _metered(letter, "rejected")
    log.error("push_rejected", status=error.status, category=error.category, target=str(letter.status))
    with desk.mirror.write(desk.portal) as work:
        if letter.status is Status.SUBSCRIBED:
            work.outbox.park(letter, error.category)
        else:
            work.outbox.retry(letter, desk.clock.now() + REJECTED_WAIT_MS)
        _log_failure(work, errand, error.category)


# --- a yes -----------------------------------------------------------------------------------------------


def _subscribe(errand: _Errand, before: Preferences) -> None:
    """Through the gate, or not at all."""
    purpose = errand.desk.purposes.of_subscription(errand.letter.subscription)
    if purpose is None or errand.letter.person_id is None:
        _drop(errand, "no_purpose")
        return
    yes = _looked_at(errand, purpose, before)
    if _reached(errand.letter, before):
        _found(errand, yes)
    elif yes.permission.allowed:
        _write_yes(errand, yes)
    else:
        _refused(errand, yes.permission.refusal)


@dataclass(frozen=True, slots=True)
class _Yes:
    """A yes beside a reading just made: what is known after it, and whether it may leave."""

    purpose: Purpose
    before: Preferences
    facts: Facts
    kind: Push
    permission: Permission


def _looked_at(errand: _Errand, purpose: Purpose, before: Preferences) -> _Yes:
    desk, letter = errand.desk, errand.letter
    assert letter.person_id is not None  # noqa: S101 - the caller asked
    with desk.mirror.write(desk.portal) as work:
        _absorb(errand, work, before)  # what came between must be decided before the gate is asked
        facts = facts_of(desk, work, work.people.by_ids([letter.person_id])[letter.person_id])
        closed = not is_breaker_open(work) and within_breaker(desk, work)
        agreed = clocks_agree(desk, work)
    kind = _kind(facts, purpose, before)
    permission = may_subscribe(_asked(errand, facts, purpose, before, kind, closed=closed, agreed=agreed))
    return _Yes(purpose, before, facts, kind, permission)


def _found(errand: _Errand, yes: _Yes) -> None:
    """HubSpot shows SUBSCRIBED already: ours only while the mirror says so, else somebody's over a no."""
    if yes.facts.standing(yes.purpose).state in MAILABLE:
        _confirmed(errand, yes.before)
    else:
        _drop(errand, str(Refusal.STATE))


def _absorb(errand: _Errand, work: Work, read: Preferences) -> None:
    """A fresh reading that tells something new is reconciled like any other (I6)."""
    letter, desk = errand.letter, errand.desk
    now = desk.clock.now()
    held = {row.subscription: row for row in work.observed.of_refs([letter.ref]).get(letter.ref, [])}
    explained = frozenset(row.subscription for row in read.statuses if row.explanation)
    said = said_by_preferences(read, letter.ref, now)
    fresh = sighting(letter.ref, said, held, full=not read.unreadable, explained=explained)
    if fresh.changed and letter.person_id is not None:
        reconcile(desk, work, letter.person_id, {letter.ref: fresh}, errand.tally)


def _kind(facts: Facts, purpose: Purpose, before: Preferences) -> Push:
    if _is_out(before):
        return Push.UNSUB_OTHERS_THEN_SUB
    soft = facts.standing(purpose).state is State.SOFT_OPTIN
    return Push.SUB_LEGITIMATE_INTEREST if soft else Push.SUB


def _asked(
    errand: _Errand,
    facts: Facts,
    purpose: Purpose,
    before: Preferences,
    kind: Push,
    *,
    closed: bool,
    agreed: bool,
) -> Asked:
    row = _row(before, purpose.subscription_id)
    reading = Reading(purpose=purpose, address=errand.letter.ref, now=facts.now, row=row, wide=before.wide)
    state = facts.states.get(purpose.key)
    flagged = state is not None and (state.hold or (state.review and errand.letter.row != 27))
    return Asked(
        push=kind,
        purpose=purpose,
        standing=facts.standing(purpose),
        now=errand.desk.clock.now(),
        status=seen(row),
        status_read_at=before.read_at,
        wide=wide_of(reading, Context(units=errand.desk.purposes.business_units)),
        wide_read_at=before.read_at,
        overlay=facts.person.overlay,
        suppressed=facts.suppressed,
        flagged=flagged,
        shared_no=facts.shared_no(purpose),
        intent=errand.letter.resubscribe,
        breaker_closed=closed,
        clocks_agree=agreed,
    )


def _write_yes(errand: _Errand, yes: _Yes) -> None:
    if not _may_write(errand):
        return
    if yes.kind is Push.UNSUB_OTHERS_THEN_SUB:
        _others_off(errand, yes.facts)  # takes its time: everything is read and asked again after it
        yes = _looked_at(errand, yes.purpose, errand.desk.hubspot.preferences(errand.address))
        if not yes.permission.allowed:
            _refused(errand, yes.permission.refusal)
            return
    if not is_fresh(yes.before.read_at, errand.desk.clock.now()):
        _again(errand, str(Refusal.NO_READ))
        return
    answer = errand.desk.hubspot.set_status(
        errand.address,
        yes.purpose.subscription_id,
        Status.SUBSCRIBED,
        basis=yes.permission.basis,
        explanation=yes.permission.explanation,
    )
    errand.tally.pushed += 1
    if answer.outcome == WriteOutcome.RESUBSCRIBE_OCCURRED and not _meant(errand.letter, yes):
        _undo(errand, yes.purpose, yes.before.read_at)
        return
    after = errand.desk.hubspot.preferences(errand.address)
    _revived(errand, yes, after)
    _settle(errand, after)


def _meant(letter: Letter, yes: _Yes) -> bool:
    """The opt-out that our write lifted is the one that the intent is about: it stood when we looked."""
    row = _row(yes.before, letter.subscription)
    stood = (row is not None and row.status == Status.UNSUBSCRIBED) or _is_out(yes.before)
    return letter.resubscribe and stood


def _others_off(errand: _Errand, facts: Facts) -> None:
    """Consent to one purpose says nothing about another: every other type is off first (row 27, I13).

    What HubSpot shows of them may be the opt-out of everything above them, and not what comes back once it
    is lifted (HA 8.2): each is written.
    """
    for definition in errand.desk.hubspot.definitions():
        if definition.id == errand.letter.subscription or not definition.active or definition.internal:
            continue
        if not _granted(errand.desk, facts, definition.id):
            errand.desk.hubspot.set_status(errand.address, definition.id, Status.UNSUBSCRIBED)


def _granted(desk: Desk, facts: Facts, subscription: int) -> bool:
    purpose = desk.purposes.of_subscription(subscription)
    return purpose is not None and facts.standing(purpose).state is State.GRANTED


def _revived(errand: _Errand, yes: _Yes, after: Preferences) -> None:
    """Types that our write brought back to life in HubSpot (HA 8.2, undecided there) go off again."""
    off = {row.subscription for row in yes.before.statuses if row.status == Status.UNSUBSCRIBED}
    for row in after.statuses:
        if row.subscription == yes.purpose.subscription_id or row.status != Status.SUBSCRIBED:
            continue
        was_off = row.subscription in off or _is_out(yes.before)
        if was_off and not _granted(errand.desk, yes.facts, row.subscription):
            errand.desk.hubspot.set_status(errand.address, row.subscription, Status.UNSUBSCRIBED)


def _undo(errand: _Errand, purpose: Purpose, read_at: int) -> None:
    """Row 43: the person opted out between our read and our write. Recorded, undone at once, an incident."""
    desk, letter, now = errand.desk, errand.letter, errand.desk.clock.now()
    assert letter.person_id is not None  # noqa: S101 - a yes without a person never gets here
    log.error("incident_overwrote_optout", purpose=purpose.key)
    errand.tally.incidents += 1
    errand.tally.rows[INCIDENT_ROW] += 1
    with desk.mirror.write(desk.portal) as work:
        work.outbox.park(letter, "overwrote_optout")
        events = _incident(letter, purpose, read_at, now)
        work.log.append([(letter.person_id, event) for event in events])
        errand.tally.events += len(events)
        everything = purpose.marketing
        _queue_undo(errand, work, letter.person_id, purpose, everything=everything, row=INCIDENT_ROW)
        project(desk, work, letter.person_id, decided={purpose.key: INCIDENT_ROW})
    push(desk, errand.tally, refs=[letter.ref], urgent_only=True)


def _incident(letter: Letter, purpose: Purpose, read_at: int, now: int) -> list[Event]:
    """HubSpot does not say whether it was an opt-out of one type or of everything: the wider no (row 28)."""
    incident = replace(_entry(EventType.INCIDENT_OVERWROTE_OPTOUT, letter), row=INCIDENT_ROW)
    no = Event(
        type=EventType.WITHDRAW,
        purpose=purpose.key,
        t_lo=read_at,
        t_hi=now,
        actor=SUBJECT,
        source=Source.HUBSPOT,
        address=letter.ref,
        row=INCIDENT_ROW,
    )
    wide = replace(no, type=EventType.OBJECT, purpose=ALL_MARKETING)
    return [incident, no, wide] if purpose.marketing else [incident, no]


def _queue_undo(
    errand: _Errand, work: Work, person_id: int, purpose: Purpose, *, everything: bool, row: int | None
) -> None:
    """UNSUBSCRIBED for the type, and where everything may be meant for everything, to each address."""
    kinds = (Push.UNSUB, Push.UNSUB_ALL) if everything else (Push.UNSUB,)
    held = work.people.addresses([person_id]).get(person_id, [])
    made = [
        letter_for(kind, address, purpose, origin=Origin.UNDO, row=row)
        for address in held
        if address.kind is not AddressKind.PAST
        for kind in kinds
    ]
    letters = [letter for letter in made if letter is not None]
    queue(work, person_id, letters, errand.desk.clock.now(), errand.tally)


def _refused(errand: _Errand, refusal: Refusal | None) -> None:
    """The gate said no. Breaker, clock, review and a stale read are for later; all else ends the letter."""
    later = refusal in (Refusal.BREAKER, Refusal.NO_READ, Refusal.REVIEW, Refusal.CLOCK)
    log.info("subscribe_refused", refusal=str(refusal), later=later)
    _metered(errand.letter, "refused")
    if not later:
        _drop(errand, str(refusal))
        return
    with errand.desk.mirror.write(errand.desk.portal) as work:
        work.outbox.retry(errand.letter, errand.desk.clock.now() + LAST_WAIT_MS)
        if refusal is Refusal.BREAKER:
            open_breaker(errand.desk, work, "subscribes")


def _drop(errand: _Errand, reason: str) -> None:
    letter = errand.letter
    with errand.desk.mirror.write(errand.desk.portal) as work:
        work.outbox.release(letter)  # a no that took its place meanwhile may leave now
        work.outbox.drop([(letter.ref, letter.subscription)])
        if letter.person_id is not None:
            entry = _entry(EventType.PUSH_FAILED, letter, reason=reason)
            work.log.append([(letter.person_id, replace(entry, row=FAILED_ROW))])
            errand.tally.events += 1
    errand.tally.failed += 1
