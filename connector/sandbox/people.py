"""Made-up people, a pure function of (seed, index): a million of them start at once and weigh nothing.

Nothing here is stored. Every trait that a search may ask for is arithmetic in the index: ids and creation
grow with it, modification times are a permutation of it, consent is a slot of `profiles`.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b
from math import gcd

from connector.clock import SeededChance
from connector.sandbox import names
from connector.sandbox.profiles import SLOTS, Fate, Profile, profiles
from connector.sandbox.records import Contact, Properties, Row
from connector.sandbox.times import DAY, HOUR, MINUTE, iso

FIRST_ID, ID_STEP = 51, 50  # HubSpot's contact ids are not dense either

_IN_LOCAL = re.compile(r"(\d{1,9})(?:\+[a-z0-9]+)?$")
_IN_DOMAIN = re.compile(r"(\d{1,9})\.example$")
_PROCESSING = (
    None,
    None,
    "Freely given consent from contact",
    "Legitimate interest – prospect/lead",
    "Legitimate interest – existing customer",
    "Freely given consent from contact;Performance of a contract",
    "Not applicable",
    "",
)
_ORIGINS = (("IMPORT", "Import"), ("CRM_UI", "CRM UI"), ("INTEGRATION", "Integration"), ("API", "API"))


class People:
    """`count` people as they were when the portal opened (`born`, milliseconds UTC)."""

    def __init__(self, count: int, seed: int, born: int) -> None:
        chance = SeededChance(f"people/{seed}")
        self.count = count
        self.table: tuple[Profile, ...] = profiles(seed)
        self._key = f"people/{seed}".encode()
        self._slot_by, self._slot_plus = _coprime(SLOTS, chance), chance.below(SLOTS)
        size = max(1, count)
        self._rank_by, self._rank_plus = _coprime(size, chance), chance.below(size)
        self._rank_back = pow(self._rank_by, -1, size) if size > 1 else 0
        self._slot_back = pow(self._slot_by, -1, SLOTS)
        self._created_from, self._created_step = born - 1460 * DAY, 1060 * DAY // size
        self._modified_from, self._modified_step = born - 400 * DAY, (400 * DAY - 2 * HOUR) // size

    # Ids, slots, ranks and times -------------------------------------------------------------------------

    @staticmethod
    def contact_id(index: int) -> int:
        return FIRST_ID + ID_STEP * index

    def index_of(self, contact_id: int) -> int | None:
        """The person behind a contact id; None when the id was never a made-up one."""
        index, rest = divmod(contact_id - FIRST_ID, ID_STEP)
        return index if rest == 0 and 0 <= index < self.count else None

    def first_from(self, contact_id: int) -> int:
        """The smallest index whose id is >= contact_id, within [0, count]."""
        return min(self.count, max(0, -(-(contact_id - FIRST_ID) // ID_STEP)))

    def slot(self, index: int) -> int:
        return (self._slot_by * index + self._slot_plus) % SLOTS

    def residue(self, slot: int) -> int:
        """The index modulo SLOTS that has this slot."""
        return (slot - self._slot_plus) * self._slot_back % SLOTS

    def rank(self, index: int) -> int:
        """Place of the person in the order of `lastmodifieddate`, 0 is the oldest."""
        return (self._rank_by * index + self._rank_plus) % self.count

    def at_rank(self, rank: int) -> int:
        return (rank - self._rank_plus) * self._rank_back % self.count

    def first_rank(self, modified: int) -> int:
        """The smallest rank whose person was modified at or after this time, within [0, count]."""
        return min(self.count, max(0, -(-(modified - self._modified_from) // self._modified_step)))

    def first_created(self, created: int) -> int:
        """The smallest index whose person was created at or after this time, within [0, count]."""
        return min(self.count, max(0, -(-(created - self._created_from) // self._created_step)))

    def created(self, index: int) -> int:
        return self._created_from + index * self._created_step

    def modified(self, index: int) -> int:
        return self._modified_from + self.rank(index) * self._modified_step

    def acted(self, index: int) -> int:
        """When the person chose: ten minutes before the record was last modified."""
        return self.modified(index) - 10 * MINUTE

    # People ----------------------------------------------------------------------------------------------

    def contact(self, index: int) -> Contact:
        """The person's record as it was at the start."""
        slot = self.slot(index)
        profile = self.table[slot]
        dice = self._dice(index)
        email, additional = _addresses(index, profile, dice)
        modified = self.modified(index)
        props = _properties(profile, dice, email)
        if profile.by_form:
            props["recent_conversion_date"] = iso(modified - 10 * MINUTE)
            props["recent_conversion_event_name"] = "Newsletter: sign-up"
        made = self.created(index)
        return Contact(self.contact_id(index), props, made, modified, additional=additional, slot=slot)

    def profile(self, index: int) -> Profile:
        return self.table[self.slot(index)]

    def owner(self, address: str) -> tuple[int, int] | None:
        """(index, place) of the person an address was made for; place 0 is the primary address."""
        lowered = address.lower()
        local, _, domain = lowered.rpartition("@")
        for found in (_IN_LOCAL.search(local), _IN_DOMAIN.search(domain)):
            if found and (index := int(found[1])) < self.count:
                place = self._place(index, lowered)
                if place is not None:
                    return index, place
        return None

    def _place(self, index: int, lowered: str) -> int | None:
        email, additional = _addresses(index, self.profile(index), self._dice(index))
        if email is None:
            return None
        for place, made in enumerate((email, *additional)):
            if made.lower() == lowered:
                return place
        return None

    def rows(self, index: int, place: int) -> dict[int, Row]:
        """The statuses that the address had at the start; place 0 is the primary address."""
        profile = self.profile(index)
        acted = self.acted(index)
        fates = profile.extra_fates if place else profile.fates
        return {fate.subscription: row_of(fate, acted) for fate in fates}

    def out_of_all(self, index: int, place: int) -> bool:
        """Whether the address was opted out of all at the start."""
        return place == 0 and self.profile(index).wide

    def with_residues(self, residues: list[int], low: int, high: int) -> Iterator[int]:
        """Indexes in [low, high) whose value modulo SLOTS is in the ascending list."""
        for block in range(low - low % SLOTS, high, SLOTS):
            for residue in residues:
                if low <= block + residue < high:
                    yield block + residue

    def _dice(self, index: int) -> int:
        digest = blake2b(index.to_bytes(8, "big"), digest_size=10, key=self._key)
        return int.from_bytes(digest.digest(), "big")


def row_of(fate: Fate, acted: int) -> Row:
    return Row(fate.status.value, acted + fate.delay, fate.source, fate.basis, fate.explanation)


def _coprime(size: int, chance: SeededChance) -> int:
    """A multiplier that makes i -> by * i + plus a permutation modulo size."""
    by = max(1, int(size * 0.6180339887)) + chance.below(max(1, size // 10))
    while gcd(by, size) != 1:
        by += 1
    return by


def _names(dice: int) -> tuple[tuple[str, str], tuple[str, str]]:
    first = names.FIRST_NAMES[dice % len(names.FIRST_NAMES)]
    last = names.LAST_NAMES[(dice >> 8) % len(names.LAST_NAMES)]
    return first, last


def _addresses(index: int, profile: Profile, dice: int) -> tuple[str | None, tuple[str, ...]]:
    if profile.kind == "none":
        return None, ()
    (_, first), (_, last) = _names(dice)
    email = _primary(profile.kind, index, first, last, dice >> 16)
    if not profile.extras:
        return email, ()
    extras = (f"{first}{index}@privat.example", f"{first[0]}.{last}{index}@gammal.example")
    return email, extras[: profile.extras]


def _primary(kind: str, index: int, first: str, last: str, dice: int) -> str:
    domain = names.DOMAINS[dice % len(names.DOMAINS)]
    if kind == "plain":
        return f"{first}.{last}{index}@{domain}"
    if kind == "plus":
        return f"{first}.{last}{index}+{names.PLUS_TAGS[dice % len(names.PLUS_TAGS)]}@{domain}"
    if kind == "upper":
        return f"{first.title()}.{last.upper()}{index}@{domain.title()}"
    if kind == "idn":
        return f"{first}{index}@{names.IDN_DOMAINS[dice % len(names.IDN_DOMAINS)]}"
    return f"{names.BOXES[dice % len(names.BOXES)]}@{names.FIRMS[dice % len(names.FIRMS)]}{index}.example"


def _properties(profile: Profile, dice: int, email: str | None) -> Properties:
    (first, _), (last, _) = _names(dice)
    box = profile.kind == "box"
    origin = ("FORM", "Form") if profile.by_form else _ORIGINS[(dice >> 30) % len(_ORIGINS)]
    return {
        "email": email,
        "firstname": "" if box else first,
        "lastname": None if box else last,
        "city": names.CITIES[(dice >> 24) % len(names.CITIES)],
        "phone": f"+46 70 174 06 {(dice >> 40) % 100:02}" if email is None else None,
        "hs_language": names.LANGUAGES[(dice >> 44) % len(names.LANGUAGES)],
        "hs_legal_basis": _PROCESSING[(dice >> 50) % len(_PROCESSING)],
        "hs_object_source": origin[0],
        "hs_object_source_label": origin[1],
        "hs_marketable_status": "true" if (dice >> 56) % 4 else "false",
        "lifecyclestage": "customer" if (dice >> 60) % 5 == 0 else "lead",
    }
