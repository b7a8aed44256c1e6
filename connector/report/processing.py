"""The record of processing (Art. 30) from the configuration and what the portal shows. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector.consent.retention import parse
from connector.proof.retention_words import rule_said
from connector.report.languages import WORDS
from connector.report.processing_words import FILL, TEXTS
from connector.report.threats import Known, threats
from connector.report.words import Language
from connector.settings import PortalSettings, PurposeSettings, RecipientSettings, Settings

NONE: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the portal and the mirror show. `people`: in the mirror, by purpose those with any answer."""

    hosting: str | None = None
    account_type: str | None = None
    contacts: int | None = None
    people: Mapping[str, int] = field(default_factory=dict)
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A field that somebody has to fill in. `field` names whose, where several have one."""

    setting: str
    whose: str
    what: str

    def document(self) -> dict[str, str]:
        """One entry of `missing`."""
        return {"setting": self.setting, "whose": self.whose, "what": self.what}


def record(settings: Settings, portal: PortalSettings, seen: Observed, language: Language) -> dict[str, Any]:
    """`processing --json`: the whole record, with what is missing; the pages are made from it."""
    said, mine = settings.processing, _purposes(settings, portal)
    lacking = [*_missing(settings, mine, language)]
    return {
        "controller": settings.controller.name,
        "contact": settings.controller.contact,
        "joint_controllers": list(said.joint_controllers),
        "representative": said.representative or None,
        "dpo": said.dpo or None,
        "processor": f"HubSpot ({portal.name}, {portal.portal_id})",
        "processor_agreement": said.processor_agreement or None,
        "hosting": seen.hosting,
        "contacts": seen.contacts,
        "purposes": [_purpose(purpose, seen, language) for purpose in mine],
        "recipients": [_recipient(each, language) for each in settings.recipients],
        "third_countries": list(said.third_countries),
        "security": {"built_in": TEXTS[language]["measures"].split("|"), "own": list(said.security)},
        "assessment": {
            "assessed": said.assessed or None,
            "residual_risk": said.residual_risk or None,
            "views": said.views or None,
        },
        "threats": [each.document() for each in threats(settings, seen.known, language)],
        "missing": [each.document() for each in lacking],
    }


def _purposes(settings: Settings, portal: PortalSettings) -> list[PurposeSettings]:
    return [purpose for purpose in settings.purposes if purpose.portal in {None, portal.name}]


def _purpose(purpose: PurposeSettings, seen: Observed, language: Language) -> dict[str, Any]:
    return {
        "purpose": purpose.key,
        "title": purpose.title.get(language) or purpose.key,
        "basis": str(purpose.basis),
        "basis_means": WORDS[language].bases.get(str(purpose.basis), str(purpose.basis)),
        "marketing": purpose.marketing,
        "people": seen.people.get(purpose.key),
        "subjects": list(purpose.subjects),
        "categories": list(purpose.categories),
        "properties": list(purpose.properties),
        "retain": purpose.retain,
        "retain_means": rule_said(parse(purpose.retain), language),
    }


def _recipient(each: RecipientSettings, language: Language) -> dict[str, Any]:
    return {
        "name": each.name,
        "role": each.role,
        "role_means": TEXTS[language][f"{each.role}_role"],
        "purposes": list(each.purposes),
        "country": each.country or None,
        "transfer": each.transfer or None,
    }


def _missing(
    settings: Settings, purposes: Sequence[PurposeSettings], language: Language
) -> Iterator[Missing]:
    said, fill = settings.processing, FILL[language]
    for name in (
        "dpo", "processor_agreement", "third_countries", "security", "assessed", "residual_risk", "views",
    ):  # fmt: skip
        if not getattr(said, name):
            setting = f"processing.{name}"
            yield Missing(setting=setting, whose="", what=fill[setting])
    for purpose in purposes:
        for name in ("subjects", "categories"):
            if not getattr(purpose, name):
                setting = f"purposes.{name}"
                yield Missing(setting=setting, whose=purpose.key, what=fill[setting])
    for each in settings.recipients:
        if not each.country:
            yield Missing(setting="recipients.country", whose=each.name, what=fill["recipients.country"])
