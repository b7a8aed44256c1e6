"""What a person chooses at their page: no, from one purpose or from all; what applies to them.

A no from a link counts for everyone who uses its address, as every no does, and nothing holds it. Somebody
erased has no link any more: their choice is already what it can be, and the answer is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.acts.desk import Desk
from connector.acts.links import bearer, masked
from connector.acts.tally import Tally
from connector.acts.who import users_of
from connector.acts.withdraw import No, Said, record_noes
from connector.consent.events import ALL_MARKETING, Source
from connector.proof.links import Scope, Ticket
from connector.store.people import Address
from connector.store.work import Work
from mappings.purposes import Purpose

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A no as the page took it. `purpose` None: everything."""

    ticket: Ticket
    purpose: Purpose | None
    source: Source
    language: str | None
    at: int  # ms UTC


def record_stops(
    desk: Desk, work: Work, stops: Sequence[Stop], found: Sequence[Address | None]
) -> list[Sequence[str]]:
    """Record noes in the caller's transaction; for each the references to push, none for a link that leads
    nowhere. `found`: the bearer of each link. The same press is the same no."""
    said: dict[str, Said] = {}
    keys = [_press(stop) for stop in stops]
    for key, stop, address in zip(keys, stops, found, strict=True):
        if address is not None:
            said.setdefault(key, _said(stop, address))
    refs = dict(zip(said, record_noes(desk, work, list(said.values()), Tally()), strict=True))
    return [refs.get(key, ()) for key in keys]


def _press(stop: Stop) -> str:
    """What a press is: of one link, for one purpose, within a minute."""
    key = stop.purpose.key if stop.purpose else ALL_MARKETING
    return f"link:{stop.ticket.id.hex()}:{key}:{stop.at // MINUTE_MS}"


def _said(stop: Stop, address: Address) -> Said:
    no = No(
        purpose=stop.purpose,
        source=stop.source,
        t_lo=stop.at,
        t_hi=stop.at,
        source_ref=_press(stop),
        language=stop.language,
    )
    return Said(address.normalised, address.original, no)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a look shows: the masked address, and for each purpose whether mail may be sent."""

    address: str
    sent: dict[str, bool]


def shown(desk: Desk, ticket: Ticket) -> Shown | None:
    """What applies, for a link that may look; None: nothing is shown, whatever the reason."""
    if ticket.scope is not Scope.LOOK or ticket.is_over(desk.clock.now()):
        return None
    with desk.mirror.read(desk.portal) as work:
        found = bearer(work, ticket)
        people = users_of(work, found.normalised) if found else []
        rows = work.states.of([person.id for person in people])
    if found is None or not people or any(person.overlay is not None for person in people):
        return None
    sent = {
        purpose.key: any((row := rows.get((person.id, purpose.key))) and row.sendable for person in people)
        for purpose in desk.purposes.marketing
    }
    return Shown(masked(found.original), sent)
