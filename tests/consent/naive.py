"""A second reading of consent-domain 3.2, written from the text alone and as plainly as possible.

It shares no code with the product's formula: no classes, no early answers, sets of dictionaries.
"""

from connector.consent.events import Event, EventType, Grade

WEEK = 7 * 24 * 3600 * 1000
PERSON = ("subject", "guardian")


def naive_state(  # noqa: PLR0911, PLR0912 - one straight reading of the text, on purpose not factored
    events: list[Event], purpose: str, *, marketing: bool, current: set[str], now: int, sigma: int
) -> str:
    mine = (purpose, "*") if marketing else (purpose,)
    annuls = [
        e
        for e in events
        if e.type == EventType.ANNUL
        and e.target
        and e.actor.startswith("staff:")
        and e.reason
        and set(e.approved_by) - {e.actor}
    ]
    noes = [e for e in events if e.type in ("withdraw", "refuse", "object") and e.purpose in mine]
    told: list[tuple[int, Event]] = []
    for n in noes:
        same = [m for m in noes if fact(m) == fact(n)]
        dated = [
            e for e in events if e.type == EventType.DATED and e.observation == fact(n) and e.t_hi is not None
        ]
        if n.t_hi is not None:
            times = [min(n.t_hi, n.recorded_at)]
        elif dated:
            times = [min(d.t_hi or 0, d.recorded_at) for d in dated]
        else:
            times = [min(m.recorded_at for m in same)]
        ids = {m.id for m in same} | {
            e.id for e in events if e.type == EventType.DATED and e.observation == fact(n)
        }
        undone = [a.recorded_at for a in annuls if a.target in ids]
        times = [t for t in times if not undone or t > max(undone)]
        if times:
            told.append((max(times), n))
    last_no = max((t for t, _ in told), default=None)

    gone = {a.target for a in annuls}
    own = [e for e in events if e.purpose == purpose and e.id not in gone]
    own = [e for e in own if not any(is_copy(e, f) for f in own)]
    here = [e for e in own if e.address in current]
    invalid = [e for e in events if e.type == EventType.INVALIDATE and (e.target or e.purpose == purpose)]
    expire = [e for e in events if e.type == EventType.EXPIRE and (e.target or e.purpose == purpose)]

    def is_invalid(e: Event) -> bool:
        return any(
            i.target == e.id or (not i.target and i.wording and i.wording == e.wording) for i in invalid
        )

    def is_expired(e: Event) -> bool:
        if e.valid_until is not None and now >= e.valid_until:
            return True
        return any(x.target == e.id or (not x.target and x.recorded_at >= e.recorded_at) for x in expire)

    def clear(t: int | None) -> bool:
        return last_no is None or (t is not None and t > last_no + sigma)

    requests = [e for e in here if e.type == EventType.REQUEST]
    grants = [(e, e.wording) for e in here if e.type == EventType.GRANT]
    for c in here:
        if c.type != EventType.CONFIRM or c.actor not in PERSON or c.t_lo is None:
            continue
        for r in requests:
            asked = r.recorded_at if r.t_lo is None else r.t_lo
            answers = c.target in (None, r.id) and c.address == r.address
            if answers and clear(r.t_lo) and not is_invalid(r) and 0 <= c.t_lo - asked <= WEEK:
                grants.append((c, c.wording or r.wording))
                break
    yeses = [
        g
        for g, w in grants
        if g.grade >= Grade.E2
        and w
        and not is_invalid_with(g, w, invalid)
        and g.t_lo is not None
        and max(g.t_lo, g.t_lo if g.t_hi is None else g.t_hi) <= g.recorded_at + sigma
    ]
    if told:
        yeses = [g for g in yeses if g.actor in PERSON and clear(g.t_lo)]
    if [g for g in yeses if not is_expired(g)]:
        return "GRANTED"
    if yeses:
        return "EXPIRED"
    if told:
        return "DENIED" if all(n.type == EventType.REFUSE for _, n in told) else "WITHDRAWN"
    if grants and all(is_invalid_with(g, w, invalid) for g, w in grants):
        return "INVALIDATED"

    def lives(e: Event) -> bool:
        return not is_invalid(e) and not is_expired(e)

    if [e for e in here if e.type == EventType.SOFT_OPTIN and lives(e)]:
        return "SOFT_OPTIN"
    for r in requests:
        if lives(r) and now < (r.recorded_at if r.t_lo is None else r.t_lo) + WEEK:
            return "PENDING"
    claims = [e for e in own if e.type == EventType.CLAIM and (e.address is None or e.address in current)]
    if [e for e in claims if lives(e)] or [
        g for g, w in grants if not is_invalid_with(g, w, invalid) and not is_expired(g)
    ]:
        return "CLAIMED"
    return "UNKNOWN"


def fact(e: Event) -> str:
    return e.observation or e.source_ref or e.id


def is_copy(e: Event, f: Event) -> bool:
    """`f` is the same event and was recorded first."""
    if e is f or e.type != f.type:
        return False
    if e.source_ref is None or f.source_ref is None:
        same = e.id == f.id and e.source_ref is f.source_ref
    else:
        same = (e.source, e.source_ref) == (f.source, f.source_ref)
    return same and (f.recorded_at, f.id) < (e.recorded_at, e.id)


def is_invalid_with(e: Event, wording: str | None, invalid: list[Event]) -> bool:
    return any(i.target == e.id or (not i.target and i.wording and i.wording == wording) for i in invalid)
