"""The table of a thousand fates that the made-up people share.

Person `i` has fate `slot(i)`, an arithmetic permutation within each thousand, so that a search such as
`hs_email_optout = true` over a million people is counted by arithmetic instead of by looking at each.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from connector.clock import SeededChance
from connector.sandbox import sources
from connector.sandbox.times import MINUTE
from mappings.words import LegalBasis, Status

SLOTS = 1_000
NEWSLETTER, OFFERS, EVENTS, ONE_TO_ONE = 101, 102, 103, 104

T = TypeVar("T")

#: Kinds of primary address, in people of a thousand.
KINDS = {"plain": 830, "plus": 40, "upper": 40, "idn": 30, "box": 30, "none": 30}
#: How many further addresses a person has.
EXTRAS = {0: 940, 1: 50, 2: 10}
#: Opted out of all e-mail.
WIDE = {True: 40, False: 960}
#: No status was ever set for the address.
UNTOUCHED = {True: 200, False: 800}
#: Status per type among those who have any.
WORDS = {
    NEWSLETTER: {Status.SUBSCRIBED: 520, Status.UNSUBSCRIBED: 150, Status.NOT_SPECIFIED: 330},
    OFFERS: {Status.SUBSCRIBED: 260, Status.UNSUBSCRIBED: 110, Status.NOT_SPECIFIED: 630},
    EVENTS: {Status.SUBSCRIBED: 190, Status.UNSUBSCRIBED: 70, Status.NOT_SPECIFIED: 740},
}
CONSENT, LEAD, CLIENT = (
    LegalBasis.CONSENT_WITH_NOTICE,
    LegalBasis.LEGITIMATE_INTEREST_PQL,
    LegalBasis.LEGITIMATE_INTEREST_CLIENT,
)
#: How a yes came to be: source, legal basis, explanation.
YESES: dict[tuple[str, LegalBasis | None, str | None], int] = {
    (sources.FORM, CONSENT, "Submitted the form on our website"): 480,
    (sources.IMPORT, LEAD, "List from the trade fair in Älvsjö"): 140,
    (sources.IMPORT, None, None): 120,
    (sources.API, CONSENT, "Checkout: box ticked"): 130,
    (sources.UI, CLIENT, "Existing customer"): 90,
    (sources.WORKFLOW, None, None): 40,
}
NOES: dict[tuple[str, LegalBasis | None, str | None], int] = {
    (sources.PREFERENCE_PAGE, None, None): 560,
    (sources.UNSUBSCRIBE_LINK, None, None): 340,
    (sources.UI, None, "Asked by phone"): 100,
}


class Fate(NamedTuple):
    """A status row before it has a person: `delay` is added to the moment that person acted."""

    subscription: int
    status: Status
    source: str
    basis: LegalBasis | None
    explanation: str | None
    delay: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What one slot of the table means."""

    kind: str
    extras: int
    wide: bool
    fates: tuple[Fate, ...]
    extra_fates: tuple[Fate, ...]
    by_form: bool


def profiles(seed: int) -> tuple[Profile, ...]:
    """The table for a seed: fixed shares, shuffled."""
    chance = SeededChance(f"profiles/{seed}")
    columns = (_column(shares, chance) for shares in (KINDS, EXTRAS, WIDE, UNTOUCHED))
    return tuple(_profile(chance, *cells) for cells in zip(*columns, strict=True))


def _profile(chance: SeededChance, kind: str, extras: int, wide: bool, untouched: bool) -> Profile:
    if kind == "none":
        return Profile(kind, 0, False, (), (), False)
    fates = () if untouched else _fates(chance, wide)
    extra = _fates(chance, wide=False) if extras and chance.below(2) else ()
    return Profile(
        kind, extras, wide and not untouched, fates, extra, any(f.source == sources.FORM for f in fates)
    )


def _fates(chance: SeededChance, wide: bool) -> tuple[Fate, ...]:
    rows = []
    for place, (subscription, words) in enumerate(WORDS.items()):
        status = _pick(words, chance)
        if status is Status.NOT_SPECIFIED:
            continue
        how = _pick(YESES if status is Status.SUBSCRIBED else NOES, chance)
        # The opt-out of all came later than any single choice.
        rows.append(Fate(subscription, status, *how, delay=place * MINUTE - (60 * MINUTE if wide else 0)))
    return tuple(rows)


def _column(shares: dict[T, int], chance: SeededChance) -> list[T]:
    cells = [value for value, share in shares.items() for _ in range(share)]
    for last in range(len(cells) - 1, 0, -1):
        other = chance.below(last + 1)
        cells[last], cells[other] = cells[other], cells[last]
    return cells


def _pick(shares: dict[T, int], chance: SeededChance) -> T:
    dice = chance.below(sum(shares.values()))
    for value, share in shares.items():
        dice -= share
        if dice < 0:
            return value
    raise AssertionError("shares are positive")
