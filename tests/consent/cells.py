"""The whole product of the precedence table's columns; the impossible is left out by stated rules."""

from collections.abc import Iterator
from itertools import product

from connector.consent.events import Grade, Overlay, State
from connector.consent.situation import Identity, Privacy, Seen, Situation, Time, Wide, Write
from mappings.sources import SourceKind

BOTH, NEVER, ALWAYS = (False, True), (False,), (True,)
#: Only GRANTED rests on a grant whose grade and giver matter.
GRANTS = tuple(product(Grade, BOTH))
NO_GRANT = ((Grade.E0, False),)
#: A yes has a source and evidence; nobody asks for them at a no or at silence.
YESES = tuple(product(SourceKind, Grade))
FEW_YESES = tuple(product((SourceKind.SUBJECT, SourceKind.STAFF), (Grade.E1, Grade.E2)))
NO_YES = ((SourceKind.UNKNOWN, Grade.E0),)
#: A verified deletion means that the contact is gone.
CONTACTS = tuple(
    (identity, privacy)
    for identity, privacy in product(Identity, Privacy)
    if privacy is not Privacy.VERIFIED or identity is Identity.ABSENT
)
KNOWN_WIDE = tuple(wide for wide in Wide if wide is not Wide.UNKNOWN_VALUE)
KNOWN_SEEN = tuple(status for status in Seen if status is not Seen.UNKNOWN_VALUE)
TOLD = (Seen.SUBSCRIBED, Seen.UNSUBSCRIBED, Seen.NOT_SPECIFIED)
NOES = (State.WITHDRAWN, State.DENIED)


def flags(status: Seen, state: State, overlay: Overlay | None) -> Iterator[tuple[bool, ...]]:
    """signup, own, wide_no, wide_stands, has_no, no_dated, confirmed: each varied where it can exist."""
    noes, granted = state in NOES, state is State.GRANTED
    silent = status in (Seen.NOT_SPECIFIED, Seen.ABSENT)
    for signup, own, wide_no, wide_stands, has_no, no_dated, confirmed in product(
        BOTH if overlay is Overlay.ERASED else NEVER,
        BOTH if status is Seen.UNSUBSCRIBED else NEVER,
        BOTH if noes else NEVER,
        BOTH if noes else NEVER,
        ALWAYS if noes else BOTH if granted else NEVER,
        BOTH if noes else ALWAYS,
        BOTH if granted and silent else NEVER,
    ):
        if wide_no or not wide_stands:  # the person-wide answer asks for the purpose's own
            yield signup, own, wide_no, wide_stands, has_no, no_dated, confirmed


def cells(
    statuses: tuple[Seen, ...] = TOLD,
    wides: tuple[Wide, ...] = KNOWN_WIDE,
    yeses: tuple[tuple[SourceKind, Grade], ...] = FEW_YESES,
    contacts: tuple[tuple[Identity, Privacy], ...] = CONTACTS,
    writes: tuple[Write, ...] = tuple(Write),
    overlays: tuple[Overlay | None, ...] = (None, *Overlay),
    marketing: bool = True,
    policy: bool = True,
    drift: bool = True,
) -> Iterator[Situation]:
    """Every situation of the columns named; the others in full."""
    for status, wide, state, overlay in product(statuses, wides, State, overlays):
        asked = yeses if status is Seen.SUBSCRIBED else NO_YES
        grants = GRANTS if state is State.GRANTED else NO_GRANT
        for flag in flags(status, state, overlay):
            rest = (*flag, marketing, policy, drift)
            for time, yes, grant, write, contact in product(Time, asked, grants, writes, contacts):
                yield Situation._make(
                    (status, wide, state, overlay, time, *yes, *grant, write, *contact, *rest)
                )


def every_cell() -> Iterator[Situation]:
    """The product in four parts, so that columns which cannot meet are not multiplied.

    Status x wide x state x overlay x time x evidence x grant x write x contact x flags in full, with one
    source that is the person's and one that is not; every source with each overlay; every word that we do
    not know; a contact without any row; and all of it for a purpose that is no marketing, at rest.
    """
    quiet = ((Identity.NONE, Privacy.NONE),)
    yield from cells()
    yield from cells((Seen.SUBSCRIBED,), yeses=YESES, contacts=quiet, policy=False, drift=False)
    yield from cells((Seen.UNKNOWN_VALUE,), contacts=quiet)
    yield from cells(tuple(Seen), (Wide.UNKNOWN_VALUE,), contacts=quiet)
    yield from cells((Seen.ABSENT,), writes=(Write.NONE,))
    yield from cells(
        KNOWN_SEEN, writes=(Write.NONE, Write.ECHO), marketing=False, contacts=quiet, drift=False
    )
