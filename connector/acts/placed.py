"""Which checkpoint has reached which of its places, and what is in the way: for `status` and report."""

from typing import Any, Final

from connector.acts.desk import Desk
from connector.report.discrepancies import Kind
from connector.report.findings import Sighting, without_person
from connector.store.work import Work
from mappings.times import iso

PLACES: Final = "checkpoint_places"  # in meta: place -> {size, at} of the last copy, {code, problem, since}
TURN: Final = "checkpoint_after_sync"  # in meta: when the last one after a reading was made, and its cost
#: A checkpoint after a reading verifies the whole log: at most this share of the time goes into it.
PATIENCE: Final = 20


def reached(desk: Desk, place: str, size: int) -> None:
    """A copy has arrived."""
    _put(desk, place, {"size": size, "at": desk.clock.now()})


def missed(desk: Desk, place: str, code: str, problem: str) -> None:
    """It could not be brought there; `since` stays that of the first miss."""
    with desk.mirror.read(desk.portal) as work:
        known = _all(work).get(place, {})
    since = known.get("since", desk.clock.now())
    _put(desk, place, {**known, "code": code, "problem": problem, "since": since})


def _put(desk: Desk, place: str, told: dict[str, Any]) -> None:
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(PLACES, _all(work) | {place: told})


def _all(work: Work) -> dict[str, dict[str, Any]]:
    return dict(work.meta.get(PLACES) or {})


def in_trouble(work: Work, places: tuple[str, ...]) -> bool:
    """One of these places has not got its last copy."""
    return any("since" in told for place, told in _all(work).items() if place in places)


def is_due(desk: Desk, places: tuple[str, ...]) -> bool:
    """After a reading: the log has grown or a copy is missing, and the last time is long enough ago."""
    with desk.mirror.read(desk.portal) as work:
        last, head = work.meta.get(TURN) or {}, work.log.head()
        if in_trouble(work, places):
            return True
    rested = desk.clock.now() >= last.get("at", 0) + PATIENCE * last.get("cost", 0)
    return rested and head.size > 0 and head.last != last.get("head")  # by hash: a size can be made again


def made_after_sync(desk: Desk, head: str, cost_ms: int) -> None:
    """What it took, so that the next one waits accordingly."""
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(TURN, {"at": desk.clock.now(), "head": head, "cost": cost_ms})


def document(work: Work, places: tuple[str, ...]) -> dict[str, Any]:
    """Part of `status --json`: the last signed checkpoint, and the last copy at each place."""
    last, known = work.checkpoints.last(), _all(work)
    return {
        "size": None if last is None else last.size,
        "at": None if last is None else iso(last.at),
        "places": [_place(place, known.get(place, {})) for place in places],
    }


def _place(place: str, told: dict[str, Any]) -> dict[str, Any]:
    return {
        "place": place,
        "size": told.get("size"),
        "at": iso(told.get("at")),
        "problem": told.get("problem"),
        "since": iso(told.get("since")),
    }


def for_the_report(desk: Desk, places: tuple[str, ...]) -> tuple[Sighting, ...]:
    """Places without their last copy, as discrepancies of the nightly report."""
    with desk.mirror.read(desk.portal) as work:
        known = _all(work)
    return tuple(
        without_person(Kind.CHECKPOINT_NOT_COPIED, told["since"], place)
        for place, told in known.items()
        if place in places and "since" in told
    )
