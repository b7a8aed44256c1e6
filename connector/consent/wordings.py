"""What a person saw beside a box, as canonical bytes: the same text is the same hash, for ever.

The layout is ours and documented in docs/evidence.md; HubSpot's texts are kept letter for letter inside it.
Three kinds: `wording` (one box and all that stood around it), `notice` (the privacy text beside it) and
`form` (the whole definition, from which the other two can be made again).
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mappings.records import ConsentText, FormDefinition

WORDING, NOTICE, FORM = "wording", "notice", "form"
BOX: Final = "☐ "  # a box that the person has to tick; HubSpot's consent boxes begin unticked
REQUIRED: Final = " *"  # as forms mark what must be filled in
BEFORE_BOXES: Final = "communicationConsentText"
BOXES: Final = "communicationsCheckboxes"
PROCESSING: Final = "consentToProcessText"
PROCESSING_BOX: Final = "consentToProcessCheckboxLabel"
PROCESSING_FOOTER: Final = "consentToProcessFooterText"
PRIVACY: Final = "privacyText"
#: The types of legal consent in which somebody can tick a box (HA 11); the others are never a consent.
WITH_BOXES: Final = frozenset({"explicit_consent_to_process", "implicit_consent_to_process"})

SWEDISH: Final = re.compile(
    r"\b(och|jag|att|du|för|vi|är|inte|dina|mina|till|kan|ditt|mitt|om|från|när|som|får|ja|din|av)\b|[åäö]"
)
ENGLISH: Final = re.compile(r"\b(and|the|you|to|we|your|my|by|can|at|our|from|with|i|of|yes|for|me|is)\b")


@dataclass(frozen=True, slots=True)
class Shown:
    """What stood beside one box. `required`: the form cannot be sent without it."""

    wording: bytes
    notice: bytes | None
    language: str | None
    required: bool


def canonical(text: str) -> bytes:
    """UTF-8, NFC, LF, no blank lines around, one LF at the end."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return (lines.strip("\ufeff \t\n") + "\n").encode()


def shown(form: FormDefinition, subscription: int) -> Shown | None:
    """The wording beside the box of a subscription type; None where the form has no such box with a label."""
    box = next((t for t in form.texts if t.kind == BOXES and t.subscription == subscription), None)
    if form.consent_type not in WITH_BOXES or box is None or not box.text.strip():
        return None
    texts = {each.kind: each.text for each in form.texts if each.kind != BOXES}
    wording = canonical("\n\n".join(_parts(texts, box)))
    notice = notice_of(form)
    whole = wording + (notice or b"")
    return Shown(wording, notice, language_of(whole.decode()), box.required is True)


def _parts(texts: Mapping[str, str], box: ConsentText) -> Iterable[str]:
    """In the order in which HubSpot shows them (HA 11)."""
    marked = f"{BOX}{box.text.strip()}{REQUIRED if box.required else ''}"
    label = texts.get(PROCESSING_BOX)
    parts = (
        texts.get(BEFORE_BOXES),
        marked,
        texts.get(PROCESSING),
        f"{BOX}{label.strip()}" if label and label.strip() else None,
        texts.get(PROCESSING_FOOTER),
    )
    return [part.strip() for part in parts if part and part.strip()]


def notice_of(form: FormDefinition) -> bytes | None:
    """The privacy text that the form showed."""
    text = next((each.text for each in form.texts if each.kind == PRIVACY), "")
    return canonical(text) if text.strip() else None


def boxes_of(form: FormDefinition) -> tuple[int, ...]:
    """The subscription types that have a box on the form."""
    if form.consent_type not in WITH_BOXES:
        return ()
    return tuple(t.subscription for t in form.texts if t.kind == BOXES and t.subscription is not None)


def definition(form: FormDefinition) -> bytes:
    """All that the form showed about consent, as canonical JSON (sorted keys, no blanks, UTF-8, NFC)."""
    told: dict[str, Any] = {
        "consent_type": form.consent_type,
        "id": form.id,
        "lawful_basis": form.lawful_basis,
        "name": form.name,
        "subscriptions": list(form.subscriptions),
        "texts": [
            {"kind": t.kind, "required": t.required, "subscription": t.subscription, "text": t.text}
            for t in form.texts
        ],
    }
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return unicodedata.normalize("NFC", text).encode()


def form_of(data: bytes) -> FormDefinition:
    """The form of a stored definition. Raises ValueError or KeyError for anything else."""
    told = json.loads(data)
    return FormDefinition(
        id=told["id"],
        name=told["name"],
        form_type="",
        consent_type=told["consent_type"],
        texts=tuple(ConsentText(**each) for each in told["texts"]),
        subscriptions=tuple(told["subscriptions"]),
        lawful_basis=told["lawful_basis"],
    )


def language_of(text: str) -> str | None:
    """`sv` or `en` by its small words; None where they do not tell."""
    small = text.casefold()
    swedish, english = len(SWEDISH.findall(small)), len(ENGLISH.findall(small))
    if max(swedish, english) < 2 or swedish == english:
        return None
    return "sv" if swedish > english else "en"
