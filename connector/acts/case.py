"""One person while they are decided: what is known, what has been decided, and what it leads to.

Nothing is written here. Events of this case stand beside the recorded ones with a provisional id and the
present time, so that the formula counts them at once; `ledger` appends them and puts the log's own in their
place. No provisional id ever reaches a stored value.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from connector.acts.desk import Desk
from connector.acts.facts import Facts
from connector.acts.sightings import Sighting
from connector.consent.events import ALL_MARKETING, FORMULA_TYPES, Event, State
from connector.consent.situate import Evidence
from connector.consent.situation import Identity, Privacy
from connector.consent.state import Standing, standing
from connector.store.outbox import Letter, NewLetter
from connector.store.reviews import NewReview, Review
from mappings.purposes import Purpose, Purposes

FORMULA_ENDS = frozenset({State.GRANTED, State.SOFT_OPTIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What happened around the readings of one person, beside the statuses themselves."""

    identity: Identity = Identity.NONE
    privacy: Privacy = Privacy.NONE
    evidence: Mapping[tuple[str, int], Evidence] = field(default_factory=dict)  # (address ref, type)


NOTHING_ELSE = Circumstances()


class Case:
    """Facts, sightings and circumstances of one person; `decided`, `letters_due` and the like fill up."""

    def __init__(
        self,
        desk: Desk,
        facts: Facts,
        sightings: Mapping[str, Sighting],
        *,
        around: Circumstances = NOTHING_ELSE,
        letters: Mapping[str, Sequence[Letter]] | None = None,
        reviews: Sequence[Review] = (),
    ) -> None:
        self.desk = desk
        self.facts = facts
        self.sightings = sightings
        self.around = around
        self.letters = letters or {}
        self.reviews = reviews
        self.events: list[Event] = list(facts.events)
        self.fresh: list[Event] = []
        self.rows: dict[str, int] = {}  # purpose -> table row that decided
        self.flags: dict[str, tuple[bool, bool]] = {}  # purpose -> (hold, review)
        self.letters_due: list[NewLetter] = []
        self.questions: list[NewReview] = []
        self.restricted = False
        self.said_no = False  # an event of this case is one: it stands in the way of others with the address
        self._versions: dict[str, int] = {}
        self._standings: dict[str, Standing] = {}
        self._sources = {event.source_ref for event in facts.events}
        self._named = {event.purpose for event in facts.events if event.type in FORMULA_TYPES}

    @property
    def person_id(self) -> int:
        """Whose case it is."""
        return self.facts.person.id

    @property
    def has_wide_no(self) -> bool:
        """Some act names all marketing: else no opt-out of everything can stand."""
        return ALL_MARKETING in self._named

    def standing(self, purpose: Purpose) -> Standing:
        """The formula over all events, those of this case included; worked out when somebody asks."""
        found = self._standings.get(purpose.key)
        if found is None:
            found = self._standings[purpose.key] = self._worked_out(purpose)
        return found

    def version(self, purpose: Purpose) -> int:
        """How often an event of this case has touched the purpose."""
        return self._versions.get(purpose.key, 0)

    def append(self, events: Iterable[Event]) -> None:
        """Let these count from now on; one whose `source_ref` is there already is the same event."""
        for event in events:
            if event.source_ref is not None:
                if event.source_ref in self._sources:
                    continue
                self._sources.add(event.source_ref)
            held = replace(event, id=f"~{len(self.fresh):06d}", recorded_at=self.facts.now)
            self.events.append(held)
            self.fresh.append(held)
            self.said_no = self.said_no or held.is_no
            self._count(held)

    def recorded(self, events: Sequence[Event]) -> None:
        """The events of this case as the log has them now, in the place of the provisional ones."""
        known = {event.id for event in self.facts.events}
        self.events = [*self.facts.events, *(event for event in events if event.id not in known)]
        for event in self.fresh:
            self._forget(event)
        self.fresh = []

    def ended_flags(self) -> dict[str, tuple[bool, bool]]:
        """Flags end with the yes that they hold back."""
        return {
            purpose.key: (False, False)
            for purpose in self.desk.purposes
            if (row := self.facts.states.get(purpose.key)) is not None
            and (row.hold or row.review)
            and self.standing(purpose).state not in FORMULA_ENDS
        }

    def _worked_out(self, purpose: Purpose) -> Standing:
        if purpose.key not in self._named and not (purpose.marketing and self.has_wide_no):
            return unknown(purpose.key)  # the formula reads acts that name the purpose; there are none
        facts = self.facts
        return standing(self.events, purpose, facts.current, facts.now, facts.sigma_ms)

    def _count(self, event: Event) -> None:
        if event.type in FORMULA_TYPES:
            self._named.add(event.purpose)
            for key in touched(event, self.desk.purposes):
                self._versions[key] = self._versions.get(key, 0) + 1
                self._standings.pop(key, None)

    def _forget(self, event: Event) -> None:
        if event.type in FORMULA_TYPES:
            for key in touched(event, self.desk.purposes):
                self._standings.pop(key, None)


def touched(event: Event, purposes: Purposes) -> tuple[str, ...]:
    """The purposes whose standing one event of the formula can change."""
    if event.purpose in purposes and event.target is None:
        return (event.purpose,)
    return tuple(purpose.key for purpose in purposes)


@lru_cache(maxsize=1_024)
def unknown(purpose: str) -> Standing:
    """The standing of a purpose that no act ever named."""
    return Standing(purpose=purpose)
