"""When a person last said no (consent-domain 3.2, `last_no`). Every doubt makes it later."""

from collections import defaultdict
from dataclasses import dataclass

from connector.consent.events import ALL_MARKETING, Event, EventType
from connector.consent.history import History


@dataclass(frozen=True, slots=True)
class No:
    """One standing no. `at` is milliseconds UTC; `dated`: somebody knew when, else it is our first sight."""

    event: str
    at: int
    dated: bool
    wide: bool  # of everything (Art. 21), not of one purpose
    refusal: bool  # said when asked, nothing was given before


def standing_noes(history: History) -> list[No]:
    """The un-annulled noes of the person, by any address, for the purpose or for all marketing."""
    if not history.noes:
        return []
    first, dated, undone = _sightings(history), _dates(history), _undone(history)
    noes = []
    for event in history.noes:
        fact = fact_of(event)
        times = _times(event, dated.get(fact), first[fact])
        left = [at for at in times if at > undone.get(fact, at - 1)]
        if left:
            noes.append(_no(event, max(left), dated=event.t_hi is not None or fact in dated))
    return noes


def _no(event: Event, at: int, *, dated: bool) -> No:
    return No(event.id, at, dated, event.purpose == ALL_MARKETING, event.type is EventType.REFUSE)


def fact_of(event: Event) -> object:
    """What several sightings of one and the same no have in common."""
    return event.observation or event.source_ref or event.id or id(event)


def _times(event: Event, dates: list[int] | None, first: int) -> list[int]:
    """Its own time, never after we recorded it; else the time found later; else our first sight of it."""
    if event.t_hi is not None:
        return [min(event.t_hi, event.recorded_at)]
    return dates or [first]


def _sightings(history: History) -> dict[object, int]:
    first: dict[object, int] = {}
    for event in history.noes:
        fact = fact_of(event)
        first[fact] = min(event.recorded_at, first.get(fact, event.recorded_at))
    return first


def _dates(history: History) -> dict[object, list[int]]:
    """Times read later for an undated sighting: they fill it and are no second no (design 4.4)."""
    dates: dict[object, list[int]] = defaultdict(list)
    for event in history.dates:
        if event.observation is not None and event.t_hi is not None:
            dates[event.observation].append(min(event.t_hi, event.recorded_at))
    return dates


def _undone(history: History) -> dict[object, int]:
    """Facts that two people annulled, and when: what the person did after that moment still stands."""
    targets: dict[str, int] = {}
    for annul in history.annuls:
        if annul.target is not None:
            targets[annul.target] = max(annul.recorded_at, targets.get(annul.target, 0))
    undone: dict[object, int] = {}
    for event in (*history.noes, *history.dates):
        at = targets.get(event.id)
        if at is not None:
            fact = fact_of(event)
            undone[fact] = max(at, undone.get(fact, 0))
    return undone
