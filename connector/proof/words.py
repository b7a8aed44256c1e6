"""How a receipt and its neighbours speak: Swedish and English (terms: consent-domain 11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mappings.times import EPOCH


@dataclass(frozen=True, slots=True)
class Words:
    """One language: single texts, and the names of our own words."""

    language: str
    texts: Mapping[str, str]
    states: Mapping[str, str]
    types: Mapping[str, str]
    sources: Mapping[str, str]
    bases: Mapping[str, str]
    grades: Mapping[str, str]
    evidence: Mapping[str, str]
    kinds: Mapping[str, str]
    reasons: Mapping[str, str]
    gaps: Mapping[str, str]

    def say(self, text: str, /, **values: object) -> str:
        """One text with its values."""
        return self.texts[text].format(**values)

    def actor(self, actor: str) -> str:
        """Whose act it was."""
        kind, _, name = actor.partition(":")
        said = self.texts.get(f"actor_{kind}", actor)
        return f"{said} ({name})" if name else said

    def moment(self, at: int, zone: str) -> str:
        """A local time with its distance from UTC: 2026-11-02 14:05:10 +01:00."""
        local = (EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))
        return f"{local:%Y-%m-%d %H:%M:%S} {_offset(local)}"

    def local(self, iso: str, zone: str) -> str:
        """A UTC time of our JSON as a local one."""
        return self.moment(int(datetime.fromisoformat(iso).timestamp() * 1000), zone)

    def span(self, low: int | None, high: int | None, zone: str) -> str:
        """When somebody acted, as exactly as it is known."""
        if low is None and high is None:
            return self.texts["unknown_time"]
        if low == high or low is None or high is None:
            return self.moment(high if low is None else low, zone)  # type: ignore[arg-type] # one is known
        return self.say("between", low=self.moment(low, zone), high=self.moment(high, zone))


def _offset(local: datetime) -> str:
    return f"{local:%z}"[:3] + ":" + f"{local:%z}"[3:5]


def named(words: Mapping[str, str], key: str) -> str:
    """Our word for something in a language; the key itself where we have none."""
    return words.get(key, key)


SWEDISH: Final = Words(
    "sv",
    texts={
        "title": "Samtyckesunderlag",
        "intro": "Detta underlag återger vad {controller} kan visa om personens samtycken: exakt vad "
        "personen fick se, när och hur det gavs, vad som har hänt sedan dess, och vad som inte är känt.",
        "controller": "Personuppgiftsansvarig",
        "contact": "Kontakt",
        "person": "Registrerad",
        "subject": "Referens i loggen",
        "portal": "HubSpot-konto",
        "made": "Framtaget",
        "made_by": "Framtaget av",
        "overlay": "Begränsning",
        "RESTRICTED": "Behandlingen är begränsad: uppgifterna lagras bara (art. 18).",
        "state": "Tillstånd nu",
        "may": "Får utskick göras",
        "yes": "Ja: {reason}",
        "no": "Nej: {reason}",
        "gone": "Underlaget för ett tidigare samtycke är förstört",
        "gone_value": "Förstört {at} enligt regeln ”{rule}”: samtycket upphörde {ended}. I loggen finns "
        "posterna {entries} kvar utan innehåll; nejet finns kvar.",
        "no_act": "Det finns inget samtycke, inget påstående om ett sådant och ingen kundrelation för detta "
        "ändamål i loggen.",
        "decides": "avgör tillståndet nu",
        "when": "När",
        "recorded": "Registrerat",
        "how": "Hur",
        "who": "Vem",
        "basis": "Rättslig grund",
        "grade": "Bevisgrad",
        "bound": "Gäller adressen",
        "form": "Formulär",
        "page": "Sida",
        "language": "Språk",
        "valid": "Giltigt till",
        "evidence": "Underlag",
        "approved": "Godkänt av",
        "reason": "Skäl",
        "status": "HubSpots ord",
        "entry": "Post i loggen",
        "entry_value": "nr {seq}, händelse {event}, hash {hash}",
        "wording": "Ordagrann text som personen fick se. SHA-256 {hash}",
        "notice": "Ordagrann integritetsinformation som personen fick se. SHA-256 {hash}",
        "seen": "Sedd i bruk: {place}, {first} till {last}.",
        "lost": "Texten med SHA-256 {hash} är inte känd här.",
        "since": "Vad som har hänt sedan dess",
        "nothing_since": "Sedan dess: ingen återkallelse, invändning eller ogiltigförklaring är registrerad.",
        "gaps": "Vad som inte är känt",
        "no_gaps": "Inget av det som ett fullständigt bevis behöver saknas.",
        "noes": "Alla nej för detta ändamål",
        "event_line": "{type}: {when}, {source}, {actor} (post nr {seq})",
        "stored": "{kind}, SHA-256 {hash}, filen är sparad",
        "hashed": "{kind}, SHA-256 {hash}, filen är inte sparad",
        "check": "Så kontrolleras underlaget",
        "check_text": "Varje post ingår i en hashkedja och ett Merkleträd (RFC 6962) som den ansvarige "
        "signerar. Kommandot consent-mirror person bundle ger en fil som vem som helst kan kontrollera "
        "utan oss.",
        "log": "Loggen",
        "log_value": "{entries} poster, rot {root}",
        "checkpoint": "Senaste kontrollpunkt",
        "checkpoint_value": "vid post {size}, {at}",
        "no_checkpoint": "ingen ännu",
        "unknown_time": "okänt",
        "between": "mellan {low} och {high}",
        "all": "all marknadsföring",
        "actor_subject": "den registrerade själv",
        "actor_guardian": "vårdnadshavare",
        "actor_staff": "medarbetare",
        "actor_system": "system",
        "actor_unknown": "okänt",
        "why_title": "Varför personen finns i registret",
        "origin": "Ursprung",
        "row": "Avgörande regel",
        "erase": "Gallras",
    },
    states={
        "GRANTED": "samtycke lämnat",
        "WITHDRAWN": "samtycke återkallat eller invändning gjord",
        "DENIED": "samtycke nekat",
        "EXPIRED": "samtycket har löpt ut",
        "INVALIDATED": "samtycket är ogiltigt",
        "SOFT_OPTIN": "befintlig kundrelation",
        "PENDING": "väntar på dubbel bekräftelse",
        "CLAIMED": "påstått, inte bevisat",
        "UNKNOWN": "inget känt",
    },
    types={
        "grant": "Samtycke lämnat",
        "confirm": "Samtycke bekräftat",
        "soft_optin": "Befintlig kundrelation",
        "claim": "Påstående om samtycke",
        "request": "Anmälan som väntar på bekräftelse",
        "withdraw": "Samtycke återkallat",
        "refuse": "Samtycke nekat",
        "object": "Invändning mot direktmarknadsföring",
        "annul": "Posten upphävd",
        "proof.destroyed": "Underlaget för ett upphört samtycke förstört",
        "invalidate": "Samtycket ogiltigförklarat",
        "expire": "Samtycket eller anmälan löpte ut",
    },
    sources={
        "hubspot": "i HubSpot",
        "form": "webbformulär",
        "import": "importerad fil",
        "api": "programgränssnitt",
        "phone": "telefon",
        "paper": "papper",
        "prefpage": "sidan för utskicksval",
        "oneclick": "avregistrering med ett klick",
        "mail_reply": "svar på e-post",
        "cli": "kommandoraden",
        "dashboard": "webbgränssnittet",
        "system": "systemet",
    },
    bases={
        "consent": "samtycke (art. 6.1 a)",
        "soft_optin": "befintlig kundrelation (19 § andra stycket marknadsföringslagen)",
        "contract": "avtal (art. 6.1 b)",
        "legal_obligation": "rättslig förpliktelse (art. 6.1 c)",
        "vital": "grundläggande intressen (art. 6.1 d)",
        "public_task": "uppgift av allmänt intresse (art. 6.1 e)",
        "legitimate_interest": "berättigat intresse (art. 6.1 f)",
        "none": "ingen angiven",
    },
    grades={
        "E0": "E0: endast en status, eller utan tid",
        "E1": "E1: daterat påstående utan ordalydelse",
        "E2": "E2: vem, när, hur och exakt ordalydelse",
        "E3": "E3: som E2, och personens kontroll över adressen är visad",
    },
    evidence={
        "form_submission": "formulärsvar",
        "doi_confirmation": "dubbel bekräftelse",
        "api_assertion": "uppgift genom programgränssnitt",
        "call_note": "samtalsanteckning",
        "call_recording": "samtalsinspelning",
        "paper_scan": "inskannat papper",
        "email_reply": "e-postsvar",
        "import_row": "importerad rad",
        "hubspot_status": "status i HubSpot",
        "screenshot": "skärmbild",
    },
    kinds={"primary": "huvudadress", "additional": "ytterligare adress", "past": "tidigare adress"},
    reasons={
        "consent": "samtycket är bevisat",
        "soft_optin": "befintlig kundrelation är fullständigt registrerad",
        "other_basis": "en annan rättslig grund är registrerad",
        "erased": "personen är raderad",
        "restricted": "behandlingen är begränsad",
        "suppressed": "adressen finns på spärrlistan",
        "waiting_for_review": "en människa måste först granska",
        "withdrawn": "personen har sagt nej",
        "shared_address_no": "någon annan med samma adress har sagt nej",
        "opted_out_of_all_in_hubspot": "avregistrerad från allt i HubSpot",
        "opted_out_in_hubspot": "avregistrerad i HubSpot",
        "unknown_value_in_hubspot": "HubSpot svarar med ett okänt värde",
        "notice_overdue": "integritetsinformation har inte lämnats i tid",
        "not_read_in_hubspot": "vad HubSpot har om adressen är ännu inte läst",
        "soft_optin_incomplete": "kundrelationen är inte fullständigt registrerad",
        "soft_optin_not_for_this_purpose": "ändamålet tillåter inte befintlig kundrelation som grund",
        "no_basis_recorded": "ingen rättslig grund är registrerad",
        "no_proved_consent": "inget samtycke är bevisat",
    },
    gaps={
        "claim": "Detta är ett påstående, inte ett bevisat samtycke. Det räcker inte för utskick (art. 7.1).",
        "request": "Personen har anmält sig men inte bekräftat. En anmälan är inget samtycke.",
        "no_wording": "Exakt vilken text personen sa ja till är inte känt.",
        "wording_lost": "Textens hash är registrerad, men själva texten finns inte här.",
        "no_time": "När det skedde är inte känt.",
        "span": "Den exakta tidpunkten är inte känd, bara att den ligger inom angivet intervall.",
        "no_actor": "Vem som gjorde det är inte känt; det är inte visat att det var personen själv.",
        "by_staff": "Det registrerades av någon annan än personen själv.",
        "no_control": "Att personen själv hade kontroll över adressen är inte visat.",
        "no_notice": "Vilken integritetsinformation personen fick är inte känt.",
        "notice_lost": "Integritetsinformationens hash är registrerad, men själva texten finns inte här.",
        "no_sale": "Vilket köp kundrelationen vilar på är inte känt.",
        "no_place": "På vilket formulär eller vilken sida det skedde är inte känt.",
        "no_evidence": "Inget ytterligare underlag (svar, inspelning, inskannat papper) är registrerat.",
        "not_kept": "Av något underlag finns bara hashen; filen är inte sparad här.",
        "no_language": "På vilket språk texten visades är inte registrerat.",
    },
)

ENGLISH: Final = Words(
    "en",
    texts={
        "title": "Evidence of consent",
        "intro": "This document sets out what {controller} can show about the person's consents: exactly "
        "what the person was shown, when and how consent was given, what has happened since, and what is "
        "not known.",
        "controller": "Controller",
        "contact": "Contact",
        "person": "Data subject",
        "subject": "Reference in the log",
        "portal": "HubSpot account",
        "made": "Made at",
        "made_by": "Made by",
        "overlay": "Restriction",
        "RESTRICTED": "Processing is restricted: the data is only stored (Art. 18).",
        "state": "State now",
        "may": "May mailings be sent",
        "yes": "Yes: {reason}",
        "no": "No: {reason}",
        "gone": "The proof of an earlier consent was destroyed",
        "gone_value": "Destroyed {at} by the rule “{rule}”: the consent had ended {ended}. Entries {entries} "
        "stay in the log without their content; the no stays.",
        "no_act": "The log holds no consent, no claim of one and no customer relation for this purpose.",
        "decides": "decides the state now",
        "when": "When",
        "recorded": "Recorded",
        "how": "How",
        "who": "Who",
        "basis": "Legal basis",
        "grade": "Grade of proof",
        "bound": "For the address",
        "form": "Form",
        "page": "Page",
        "language": "Language",
        "valid": "Valid until",
        "evidence": "Evidence",
        "approved": "Approved by",
        "reason": "Reason",
        "status": "HubSpot's word",
        "entry": "Entry of the log",
        "entry_value": "no. {seq}, event {event}, hash {hash}",
        "wording": "The text as the person was shown it, word for word. SHA-256 {hash}",
        "notice": "The privacy notice as the person was shown it, word for word. SHA-256 {hash}",
        "seen": "Seen in use: {place}, {first} to {last}.",
        "lost": "The text with SHA-256 {hash} is not known here.",
        "since": "What has happened since",
        "nothing_since": "Since then: no withdrawal, objection or invalidation is recorded.",
        "gaps": "What is not known",
        "no_gaps": "Nothing that a full proof needs is missing.",
        "noes": "Every no to this purpose",
        "event_line": "{type}: {when}, {source}, {actor} (entry no. {seq})",
        "stored": "{kind}, SHA-256 {hash}, the file is kept",
        "hashed": "{kind}, SHA-256 {hash}, the file is not kept",
        "check": "How to check this document",
        "check_text": "Each entry is part of a hash chain and a Merkle tree (RFC 6962) that the controller "
        "signs. The command consent-mirror person bundle makes a file that anyone can verify without us.",
        "log": "The log",
        "log_value": "{entries} entries, root {root}",
        "checkpoint": "Last checkpoint",
        "checkpoint_value": "at entry {size}, {at}",
        "no_checkpoint": "none yet",
        "unknown_time": "not known",
        "between": "between {low} and {high}",
        "all": "all marketing",
        "actor_subject": "the data subject",
        "actor_guardian": "a guardian",
        "actor_staff": "staff",
        "actor_system": "system",
        "actor_unknown": "not known",
        "why_title": "Why the person is in the register",
        "origin": "Origin",
        "row": "Deciding rule",
        "erase": "Erased",
    },
    states={
        "GRANTED": "consent given",
        "WITHDRAWN": "consent withdrawn, or objection made",
        "DENIED": "consent refused",
        "EXPIRED": "consent has expired",
        "INVALIDATED": "consent is invalid",
        "SOFT_OPTIN": "existing customer relation",
        "PENDING": "waits for double opt-in",
        "CLAIMED": "claimed, not proved",
        "UNKNOWN": "nothing known",
    },
    types={
        "grant": "Consent given",
        "confirm": "Consent confirmed",
        "soft_optin": "Existing customer relation",
        "claim": "Claim of a consent",
        "request": "Sign-up that waits for confirmation",
        "withdraw": "Consent withdrawn",
        "refuse": "Consent refused",
        "object": "Objection to direct marketing",
        "annul": "Entry annulled",
        "proof.destroyed": "Proof of an ended consent destroyed",
        "invalidate": "Consent declared invalid",
        "expire": "Consent or sign-up expired",
    },
    sources={
        "hubspot": "in HubSpot",
        "form": "web form",
        "import": "imported file",
        "api": "programming interface",
        "phone": "telephone",
        "paper": "paper",
        "prefpage": "preference page",
        "oneclick": "one-click unsubscribe",
        "mail_reply": "reply by e-mail",
        "cli": "command line",
        "dashboard": "dashboard",
        "system": "the system",
    },
    bases={
        "consent": "consent (Art. 6(1)(a))",
        "soft_optin": "existing customer relation (ePrivacy Art. 13(2))",
        "contract": "contract (Art. 6(1)(b))",
        "legal_obligation": "legal obligation (Art. 6(1)(c))",
        "vital": "vital interests (Art. 6(1)(d))",
        "public_task": "public task (Art. 6(1)(e))",
        "legitimate_interest": "legitimate interests (Art. 6(1)(f))",
        "none": "none stated",
    },
    grades={
        "E0": "E0: a status only, or without a time",
        "E1": "E1: a dated assertion without wording",
        "E2": "E2: who, when, how and the exact wording",
        "E3": "E3: as E2, and the person's control of the address is shown",
    },
    evidence={
        "form_submission": "form submission",
        "doi_confirmation": "double opt-in confirmation",
        "api_assertion": "assertion by programming interface",
        "call_note": "call note",
        "call_recording": "call recording",
        "paper_scan": "scanned paper",
        "email_reply": "reply by e-mail",
        "import_row": "imported row",
        "hubspot_status": "status in HubSpot",
        "screenshot": "screenshot",
    },
    kinds={"primary": "main address", "additional": "additional address", "past": "former address"},
    reasons={
        "consent": "consent is proved",
        "soft_optin": "the customer relation is recorded in full",
        "other_basis": "another legal basis is recorded",
        "erased": "the person is erased",
        "restricted": "processing is restricted",
        "suppressed": "the address is on the suppression list",
        "waiting_for_review": "a person has to look first",
        "withdrawn": "the person said no",
        "shared_address_no": "another person with the same address said no",
        "opted_out_of_all_in_hubspot": "opted out of everything in HubSpot",
        "opted_out_in_hubspot": "opted out in HubSpot",
        "unknown_value_in_hubspot": "HubSpot answers with an unknown value",
        "notice_overdue": "the privacy notice was not given in time",
        "not_read_in_hubspot": "what HubSpot holds for the address has not been read yet",
        "soft_optin_incomplete": "the customer relation is not recorded in full",
        "soft_optin_not_for_this_purpose": "the purpose does not allow a customer relation as basis",
        "no_basis_recorded": "no legal basis is recorded",
        "no_proved_consent": "no consent is proved",
    },
    gaps={
        "claim": "This is a claim, not a proved consent. It is not enough for mailings (Art. 7(1)).",
        "request": "The person signed up but has not confirmed. A sign-up is no consent.",
        "no_wording": "Exactly which text the person said yes to is not known.",
        "wording_lost": "The hash of the text is recorded, but the text itself is not here.",
        "no_time": "When it happened is not known.",
        "span": "The exact moment is not known, only that it lies within the time stated.",
        "no_actor": "Who did it is not known; it is not shown that it was the person.",
        "by_staff": "It was recorded by somebody other than the person.",
        "no_control": "That the person had control of the address is not shown.",
        "no_notice": "Which privacy notice the person was given is not known.",
        "notice_lost": "The hash of the privacy notice is recorded, but the text itself is not here.",
        "no_sale": "Which sale the customer relation rests on is not known.",
        "no_place": "On which form or page it happened is not known.",
        "no_evidence": "No further evidence (submission, recording, scanned paper) is recorded.",
        "not_kept": "Of some evidence only the hash is kept; the file is not here.",
        "no_language": "In which language the text was shown is not recorded.",
    },
)

WORDS: Final[Mapping[str, Words]] = {"sv": SWEDISH, "en": ENGLISH}
