"""The desk: requests for access, rectification, erasure, restriction, objection and portability (Art. 12-21).

What the answer looks like is the same for somebody we know, for a stranger and for somebody who was erased.
What gives data away or destroys it waits while it is doubted who asks (`receiving` takes requests in).
Carrying out goes through the acts of the commands. Once it is settled its personal data goes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.acts.desk import Desk
from connector.acts.erase import DRY_RUN, Order, erase, plan
from connector.acts.erasure import Stage
from connector.acts.letter_of_request import tell_answered, tell_extended
from connector.acts.looks import Kind as LookKind
from connector.acts.looks import Look, note
from connector.acts.receiving import log_right, source_of
from connector.acts.rectify import Correction, correct
from connector.acts.restrict import restrict
from connector.acts.subject_access import Wanted, access
from connector.acts.telling import stages
from connector.acts.who import still_here
from connector.acts.withdraw import No, withdraw
from connector.consent.calendar import answer_due, local_day
from connector.consent.events import SUBJECT, EventType
from connector.errors import ConfigurationError, Refused, Stopped
from connector.proof.subject_access import AccessReport
from connector.report.findings import ALARM_AFTER_MS, ALARM_BEFORE_MS, DAY_MS
from connector.store.people import Person
from connector.store.requests import Identity, Request, RequestKind, RequestOutcome
from connector.store.work import Work
from mappings.times import iso

#: These give data away, change or destroy it: not before it is clear who asks.
GUARDED: Final = frozenset(
    {RequestKind.ACCESS, RequestKind.PORTABILITY, RequestKind.RECTIFICATION, RequestKind.ERASURE}
)
#: These are answered with a report.
REPORTS: Final = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What carrying out needs to know. `confirm`: an erasure destroys, so it is said twice."""

    by: str
    controller: str
    contact: str
    language: str
    user: str
    confirm: bool = False
    property: str | None = None
    value: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How far it is. `stage` is that of the act; `report` has to be handed over before it is settled."""

    request: Request
    stage: str
    done: bool
    detail: Mapping[str, Any]
    report: AccessReport | None = None
    waits: bool = False
    later: bool = False


# --- keeping -----------------------------------------------------------------------------------------------


def take(desk: Desk, number: int, owner: str) -> Request:
    """Somebody answers for it."""
    with desk.mirror.write(desk.portal) as work:
        return work.requests.change(number, owner=owner)


def verify_identity(desk: Desk, number: int, by: str) -> Request:
    """It is they who ask: what waited for this may be carried out."""
    with desk.mirror.write(desk.portal) as work:
        made = work.requests.change(number, identity=str(Identity.VERIFIED))
        log_right(desk, work, made, EventType.RIGHT_RECEIVED, by, identity=str(Identity.VERIFIED))
        return made


def extend(desk: Desk, number: int, reason: str, by: str) -> Request:
    """Two months more (Art. 12(3)), told to the person. Raises Refused after the first month, or twice."""
    if not reason.strip():
        raise ConfigurationError(
            "A reason is needed.", where="--reason", kind="reason_needed", next_step="The person is told it."
        )
    with desk.mirror.write(desk.portal) as work:
        found = open_one(work, number)
        if found.extended_at is not None:
            raise Refused(
                "It was extended before.",
                where="ID",
                kind="extended_before",
                next_step="Answer it by its day.",
            )
        if desk.clock.now() > found.due_at:
            raise Refused(
                "The first month is over: an extension has to be told within it.",
                where="ID",
                kind="month_over",
                next_step="Answer it now, and write down why it is late.",
            )
        due = answer_due(found.received_at, desk.zone, extended=True)
        work.requests.annotate(number, extended=reason.strip())
        made = work.requests.change(number, due_at=due, extended_at=desk.clock.now())
        log_right(desk, work, made, EventType.RIGHT_EXTENDED, by, due=iso(due))
        tell_extended(desk, work, made, reason.strip())
        return made


def open_one(work: Work, number: int) -> Request:
    """An open request. Raises Refused."""
    found = work.requests.get(number)
    if found is None or found.settled_at is not None:
        raise Refused(
            "There is no open request with this number.",
            where="ID",
            kind="no_open_request",
            next_step="See `consent-mirror requests list`.",
        )
    return found


# --- carrying out ------------------------------------------------------------------------------------------


def run(desk: Desk, number: int, means: Means) -> Ran:
    """Do what the person asked for, with the act of its command. Raises Stopped while it is doubted who asks,
    and what the act raises; nobody in the mirror and in HubSpot is an answer too."""
    with desk.mirror.read(desk.portal) as work:
        made = open_one(work, number)
    if made.kind in GUARDED and made.identity is Identity.DOUBTED:
        raise Stopped(
            "It is doubted who asks: nothing is given away, changed or destroyed before that is clear.",
            where="ID",
            kind="who_is_doubted",
            next_step="Ask for no more than is needed, then `requests verify-identity ID`.",
        )
    ran = STEPS[made.kind](desk, made, means)
    if not ran.done:
        return ran
    return Ran(
        request=settled(desk, number, RequestOutcome.GRANTED, None, means.by) or ran.request,
        stage=ran.stage,
        done=True,
        detail=ran.detail,
    )


def _address(made: Request) -> str:
    if made.address is None:
        raise Refused(
            "The request is settled.", where="ID", kind="request_settled", next_step="See `requests show ID`."
        )
    return made.address


def _erase(desk: Desk, made: Request, means: Means) -> Ran:
    address = _address(made)
    try:
        if not means.confirm:
            would = plan(desk, address)
            return Ran(request=made, stage=would.stage, done=False, detail=would.document())
        order = Order(reason=f"request {made.id}", actor=means.by, request=made.id)
        done = erase(desk, address, order)
    except Refused:
        return _nothing(made, means)
    over = done.stage in (Stage.ERASED, Stage.PURGING)
    return Ran(
        request=made,
        stage=done.stage,
        done=over,
        detail=done.document() | {"subject": None} if over else done.document(),
        waits=done.waits is not None,
        later=done.later,
    )


def _nothing(made: Request, means: Means) -> Ran:
    """Nobody here and nobody in HubSpot: the same words as after an erasure, which tell nothing."""
    stage = Stage.ERASED if means.confirm else DRY_RUN
    return Ran(request=made, stage=stage, done=means.confirm, detail={"subject": None})


def _restrict(desk: Desk, made: Request, means: Means) -> Ran:
    try:
        done = restrict(desk, _address(made), means.by, f"request {made.id}")
    except Refused:
        return Ran(request=made, stage="restricted", done=True, detail={"pending": 0})
    return Ran(request=made, stage="restricted", done=True, detail={"pending": done.pending})


def _object(desk: Desk, made: Request, means: Means) -> Ran:
    said = No(source=source_of(made.via), actor=SUBJECT, source_ref=f"right:{made.id}")
    done = withdraw(desk, _address(made), said)
    return Ran(request=made, stage="objected", done=True, detail=done.document())


def _rectify(desk: Desk, made: Request, means: Means) -> Ran:
    reason = f"request {made.id}"
    what = Correction(property=means.property, value=means.value, email=means.email)
    done = correct(desk, _address(made), what, means.by, reason)
    with desk.mirror.write(desk.portal) as work:
        made = work.requests.change(made.id, carried_out_at=desk.clock.now())
    over = done.pending == 0
    return Ran(
        request=made,
        stage="rectified",
        done=over,
        detail=done.document(),
        waits=done.refused is not None,
        later=not over,
    )


def _report(desk: Desk, made: Request, means: Means) -> Ran:
    look = Look(_address(made), means.user, desk.door)
    wanted = Wanted(look=look, controller=means.controller, contact=means.contact, language=means.language)
    found = access(desk, wanted)
    with desk.mirror.write(desk.portal) as work:
        made = work.requests.change(made.id, carried_out_at=desk.clock.now())
    return Ran(request=made, stage="report made", done=False, detail={}, report=found)


STEPS: Final = {
    RequestKind.ACCESS: _report,
    RequestKind.PORTABILITY: _report,
    RequestKind.RECTIFICATION: _rectify,
    RequestKind.ERASURE: _erase,
    RequestKind.RESTRICTION: _restrict,
    RequestKind.OBJECTION: _object,
}


# --- settling ----------------------------------------------------------------------------------------------


def finish(desk: Desk, number: int, outcome: RequestOutcome, reason: str | None, by: str) -> Request:
    """It is answered. Raises ConfigurationError for a refusal without a reason (Art. 12(4)), Refused where an
    erasure or rectification is said to be granted and was not carried out."""
    with desk.mirror.read(desk.portal) as work:
        made = open_one(work, number)
    if outcome is RequestOutcome.REFUSED and not (reason or "").strip():
        raise ConfigurationError(
            "A refusal needs its reason: the person is told it (Art. 12(4)).",
            where="--reason",
            kind="refusal_reason",
            next_step="Say --reason, and that they may complain to IMY.",
        )
    undone = made.carried_out_at is None and made.kind in GUARDED - REPORTS
    if outcome is RequestOutcome.GRANTED and undone:
        raise Refused(
            "It was not carried out.",
            where="ID",
            kind="not_carried_out",
            next_step=f"Run `consent-mirror requests run {number}`.",
        )
    done = settled(desk, number, outcome, reason, by)
    if done is None:
        raise Refused("It was settled meanwhile.", where="ID", next_step="See `requests show ID`.")
    return done


def settled(desk: Desk, number: int, outcome: RequestOutcome, reason: str | None, by: str) -> Request | None:
    """Header kept, personal data gone, the person told; None where an erasure has settled it already."""
    with desk.mirror.write(desk.portal) as work:
        found = work.requests.get(number)
        if found is None:
            return None
        if found.settled_at is not None:
            return found
        tell_answered(desk, work, found, outcome, reason)
        kept = {"outcome": str(outcome)} | ({} if reason is None else {"reason": reason})
        living = still_here(work, found.person_id)
        log_right(
            desk, work, found, EventType.RIGHT_SETTLED, by, **(kept if living else {"outcome": str(outcome)})
        )
        return work.requests.settle(number, outcome, by, desk.clock.now())


# --- looking -----------------------------------------------------------------------------------------------


def listed(desk: Desk, *, only_open: bool = False, only_due: bool = False) -> list[dict[str, Any]]:
    """The desk without anybody's name, the soonest due first. `only_due`: from day 20 on."""
    with desk.mirror.read(desk.portal) as work:
        found = work.requests.open() if only_open or only_due else work.requests.all()
    rows = [document(desk, each) for each in found]
    return [row for row in rows if row["alarm"]] if only_due else rows


def shown(desk: Desk, number: int, user: str) -> dict[str, Any]:
    """One request with what the person wrote; the look is noted first. Raises Refused where there is none."""
    with desk.mirror.read(desk.portal) as work:
        found = work.requests.get(number)
        person = _person(work, found)
    if found is None:
        raise Refused(
            "There is no such request.", where="ID", kind="no_such_request", next_step="See `requests list`."
        )
    if person is not None:
        note(desk, person, user, LookKind.REQUEST)
    with desk.mirror.read(desk.portal) as work:
        told = stages(work.errands.of_cause(found.erasure)) if found.erasure else []
    return document(desk, found) | {
        "address": found.address,
        "subject": None if person is None else person.ref,
        "detail": dict(found.detail),
        "recipients": told,
    }


def _person(work: Work, found: Request | None) -> Person | None:
    living = None if found is None else still_here(work, found.person_id)
    return None if living is None else work.people.by_ids([living]).get(living)


def document(desk: Desk, each: Request) -> dict[str, Any]:
    """One line of `requests --json`: a header, which names nobody."""
    now = desk.clock.now()
    is_open = each.settled_at is None
    days = (local_day(each.due_at, desk.zone) - local_day(now, desk.zone)).days
    return {
        "id": each.id,
        "kind": str(each.kind),
        "via": each.via,
        "received_at": iso(each.received_at),
        "due_at": iso(each.due_at),
        "received": str(local_day(each.received_at, desk.zone)),
        "due": str(local_day(each.due_at, desk.zone)),
        "days_left": days if is_open else None,
        "overdue": is_open and now > each.due_at,
        "alarm": is_open and alarm_at(each) <= now,
        "extended": each.extended_at is not None,
        "identity": str(each.identity),
        "owner": each.owner,
        "carried_out_at": iso(each.carried_out_at),
        "settled_at": iso(each.settled_at),
        "outcome": None if each.outcome is None else str(each.outcome),
        "settled_by": each.settled_by,
    }


def alarm_at(each: Request) -> int:
    """From when on a request is an alarm: day 20; with two months more, ten days before the end."""
    plain = each.received_at + ALARM_AFTER_MS
    return plain if each.extended_at is None else max(plain, each.due_at - ALARM_BEFORE_MS)


def standing(work: Work, now: int) -> dict[str, Any]:
    """Part of `status`."""
    found = work.requests.open()
    due = min((each.due_at for each in found), default=None)
    return {
        "open": len(found),
        "alarm": sum(alarm_at(each) <= now for each in found),
        "overdue": sum(now > each.due_at for each in found),
        "next_due": iso(due),
        "days_left": None if due is None else (due - now) // DAY_MS,
    }
