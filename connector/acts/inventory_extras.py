"""What an inventory says beside the people: properties that no purpose uses, forms whose words fall short."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from connector.acts.ports import HubSpot
from connector.consent import wordings
from connector.consent.lint import WORDS, Flaw, Text, lint
from connector.errors import HubSpotRefused
from mappings import words
from mappings.office import PropertyInfo
from mappings.personal import Sort, sort_of
from mappings.purposes import Purpose, Purposes
from mappings.records import FormDefinition

#: Searches that counting may cost: one a property (HA 6).
COUNTED: Final = 150
#: Needed to keep consent at all, whatever the purposes are.
NEEDED: Final = frozenset(
    {words.EMAIL, words.ADDITIONAL_EMAILS, words.PROCESSING_BASIS, words.LANGUAGE, words.OPTED_OUT_OF_ALL}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledProperty:
    """One property that seems to hold personal data. `filled`: contacts with a value, None: not counted."""

    name: str
    label: str
    sort: Sort
    own: bool
    filled: int | None
    used_by: tuple[str, ...]

    @property
    def is_flagged(self) -> bool:
        """Filled and used by no purpose; what could not be counted is looked at too."""
        return self.filled != 0 and not self.used_by

    def document(self) -> dict[str, Any]:
        """One entry of `inventory --json`."""
        return {
            "name": self.name,
            "label": self.label,
            "sensitive": self.sort is Sort.SENSITIVE,
            "own": self.own,
            "filled": self.filled,
            "used_by": list(self.used_by),
            "flagged": self.is_flagged,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFlaws:
    """What one box of a form lacks; `purpose` None: the box is of a type without a purpose."""

    form: str
    name: str
    purpose: str | None
    subscription: int
    required: bool
    flaws: tuple[Flaw, ...]

    def document(self) -> dict[str, Any]:
        """One entry of `inventory --json`."""
        return {
            "form": self.form,
            "name": self.name,
            "purpose": self.purpose,
            "subscription_id": self.subscription,
            "required": self.required,
            "lacks": [{"flaw": flaw, **WORDS[flaw]} for flaw in self.flaws],
        }


def personal_properties(
    hubspot: HubSpot, used: dict[str, tuple[str, ...]], tell: Callable[[int], None]
) -> list[FilledProperty]:
    """Every property that seems to hold personal data, the sensitive and the unused first.

    `used`: property name -> the purposes that use it. The first COUNTED are counted, by a search each.
    """
    personal = [
        (info, sort) for info in hubspot.properties() if (sort := sort_of(info)) is not Sort.TECHNICAL
    ]
    personal.sort(key=lambda each: (each[1] is not Sort.SENSITIVE, each[0].hubspot_defined, each[0].name))
    found = []
    for number, (info, sort) in enumerate(personal):
        filled = hubspot.count_filled(info.name) if number < COUNTED else None
        found.append(_filled(info, sort, filled, used.get(info.name, ())))
        tell(number + 1)
    return sorted(
        found, key=lambda p: (not p.is_flagged, p.sort is not Sort.SENSITIVE, -(p.filled or 0), p.name)
    )


def _filled(info: PropertyInfo, sort: Sort, filled: int | None, used: tuple[str, ...]) -> FilledProperty:
    needed = ("*",) if info.name in NEEDED else ()
    return FilledProperty(
        name=info.name,
        label=info.label,
        sort=sort,
        own=not info.hubspot_defined,
        filled=filled,
        used_by=used or needed,
    )


def form_flaws(
    hubspot: HubSpot, purposes: Purposes, controller: str, languages: Collection[str]
) -> list[FormFlaws] | None:
    """Every box of every form with what its words lack; None where the token may not read forms."""
    try:
        forms = hubspot.forms()
    except HubSpotRefused:
        return None
    return [each for form in forms for each in _of_form(form, purposes, controller, languages)]


def _of_form(
    form: FormDefinition, purposes: Purposes, controller: str, languages: Collection[str]
) -> Iterator[FormFlaws]:
    for number in wordings.boxes_of(form):
        purpose, shown = purposes.of_subscription(number), wordings.shown(form, number)
        flaws = tuple(_flaws(shown, controller, purpose, languages)) if shown else ()
        yield FormFlaws(
            form=form.id,
            name=form.name,
            purpose=purpose.key if purpose else None,
            subscription=number,
            required=shown is not None and shown.required,
            flaws=flaws,
        )


def _flaws(
    shown: wordings.Shown, controller: str, purpose: Purpose | None, languages: Collection[str]
) -> Iterable[Flaw]:
    text = Text(
        wording=shown.wording.decode(), notice=(shown.notice or b"").decode(), language=shown.language
    )
    return lint(text, controller, purpose, languages)
