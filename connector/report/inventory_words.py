"""The inventory's words in both languages (glossary: consent-domain 11)."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "sv": {
        "title": "Kartläggning av kundregistret",
        "intro": "Vad som finns i HubSpot just nu, läst med enbart läsrättigheter. Ingenting har skrivits, "
        "varken "
        "i HubSpot eller i spegeln. Siffrorna säger vad HubSpot visar; om ett samtycke kan bevisas säger de "
        "inte.",
        "controller": "Personuppgiftsansvarig",
        "portal": "HubSpot-portal",
        "at": "Läst",
        "contacts": "Kontakter",
        "covered": "Prenumerationsstatus läst för",
        "covered_value": "{share} av adresserna; {not_read} är inte lästa",
        "first": "Det här behöver någon se på",
        "nothing": "Kartläggningen hittade inget som sticker ut. Det är inget godkännande.",
        "no_reason": "{count} kontakter har ingen grund i HubSpot: varken en grund för behandling eller en "
        "prenumeration med grund. Säg varför de finns kvar, eller gallra dem.",
        "no_reason_unknown": "För {count} kontakter utan grund för behandling är statusen inte läst.",
        "no_email": "{count} kontakter saknar e-postadress och kan inte nås för information eller val.",
        "unreadable": "{count} kontakter har en e-postadress som inte går att tolka.",
        "roles": "{count} adresser är funktionsadresser (info@, kontakt@). De märks men undantas aldrig: "
        "bakom "
        "dem finns människor, och reglerna gäller också företagskunder.",
        "shared": "{count} adresser finns på fler än en kontakt. Ett nej gäller personen, inte posten.",
        "sensitive": "{count} egenskaper ser ut att innehålla känsliga uppgifter eller personnummer.",
        "unused": "{count} ifyllda egenskaper med personuppgifter används inte av något ändamål i "
        "konfigurationen.",
        "forms_lack": "{count} rutor i formulär har en text som saknar något.",
        "origin": "Var kommer personerna ifrån?",
        "origin_text": "Källan är HubSpots egen uppgift om hur posten skapades.",
        "source": "Källa",
        "people": "Kontakter",
        "forms": "Formulär (senast ifyllda)",
        "imports": "Importer",
        "apps": "Appar och integrationer",
        "rest": "övriga",
        "unknown": "okänd",
        "age": "Hur gamla är posterna?",
        "age_text": "Tid sedan posten skapades.",
        "under_1_year": "under 1 år",
        "1_to_2_years": "1–2 år",
        "2_to_3_years": "2–3 år",
        "3_to_5_years": "3–5 år",
        "over_5_years": "över 5 år",
        "basis": "Med vilken grund?",
        "basis_text": "Grund för behandling (egenskapen ”hs_legal_basis”) är inte samma sak som tillåtelse "
        "att "
        "skicka: den står per ändamål nedan.",
        "basis_head": "Grund för behandling",
        "none": "ingen",
        "purposes": "Ändamål",
        "purposes_text": "Vad HubSpot visar för varje prenumerationstyp. ”Prenumererar” är inget bevisat "
        "samtycke; consent-mirror gaps visar vilka som saknar underlag.",
        "purpose": "Ändamål",
        "subscribed": "Prenumererar",
        "unsubscribed": "Avregistrerade",
        "not_specified": "Inget svar",
        "opted_out": "Avregistrerade från all e-post: {count} kontakter.",
        "bases": "Grund för dem som prenumererar",
        "hubspot_basis": "HubSpots grund",
        "properties": "Egenskaper med personuppgifter",
        "properties_text": "Egna egenskaper och de av HubSpots som människor fyller i. En egenskap används "
        "när "
        "ett ändamål räknar upp den i konfigurationen ([[purposes]] properties).",
        "property": "Egenskap",
        "filled": "Ifylld",
        "used": "Används av",
        "remark": "Anmärkning",
        "is_sensitive": "känslig",
        "is_unused": "inget ändamål",
        "always": "samtyckeshanteringen",
        "not_counted": "inte räknad",
        "lint": "Formulärens samtyckestexter",
        "lint_text": "En maskin hittar vad som saknas, aldrig att en text är bra.",
        "form": "Formulär",
        "lacks": "Saknar",
        "complete": "inget hittat",
        "no_forms": "Formulären visas inte för den här nyckeln (behörigheten forms saknas).",
        "no_boxes": "Inget formulär har en ruta för någon prenumerationstyp.",
        "next": "Nästa steg",
        "next_steps": "Gå igenom listan överst med den som äger registret.|Ange i konfigurationen vilka "
        "egenskaper "
        "varje ändamål använder, och ta bort de andra i HubSpot.|Rätta formulärens texter innan fler säger "
        "ja.|"
        "Läs in registret med consent-mirror backfill; consent-mirror report visar sedan avvikelserna "
        "varje natt.",
        "chart_origin": "Kontakter per källa",
        "chart_age": "Kontakter per ålder",
        "chart_status": "Prenumererar, per ändamål",
        "no_charts": "Diagrammen kunde inte ritas. Siffrorna är fullständiga.",
    },
    "en": {
        "title": "Map of the customer register",
        "intro": "What is in HubSpot right now, read with read scopes only. Nothing was written, neither in "
        "HubSpot "
        "nor in the mirror. The figures say what HubSpot shows; they do not say that a consent can be "
        "proved.",
        "controller": "Controller",
        "portal": "HubSpot portal",
        "at": "Read",
        "contacts": "Contacts",
        "covered": "Subscription status read for",
        "covered_value": "{share} of the addresses; {not_read} not read",
        "first": "Somebody needs to look at this",
        "nothing": "The map found nothing that stands out. That is no approval.",
        "no_reason": "{count} contacts have no basis in HubSpot: neither a basis to process nor a "
        "subscription with "
        "one. Say why they are still here, or clear them out.",
        "no_reason_unknown": "The status of {count} contacts without a basis to process was not read.",
        "no_email": "{count} contacts have no e-mail address and cannot be reached with a notice or a "
        "choice.",
        "unreadable": "{count} contacts have an e-mail address that cannot be read as one.",
        "roles": "{count} addresses are boxes of a function (info@, contact@). They are flagged and never "
        "exempted: "
        "people stand behind them, and the rules hold for business customers too.",
        "shared": "{count} addresses are on more than one contact. A no follows the person, not the record.",
        "sensitive": "{count} properties look as if they hold sensitive data or national identity numbers.",
        "unused": "{count} filled properties with personal data are used by no purpose of the configuration.",
        "forms_lack": "{count} boxes on forms have a text that lacks something.",
        "origin": "Where do the people come from?",
        "origin_text": "The source is HubSpot's own word for how the record was made.",
        "source": "Source",
        "people": "Contacts",
        "forms": "Forms (last one sent)",
        "imports": "Imports",
        "apps": "Apps and integrations",
        "rest": "others",
        "unknown": "unknown",
        "age": "How old are the records?",
        "age_text": "Time since the record was made.",
        "under_1_year": "under 1 year",
        "1_to_2_years": "1–2 years",
        "2_to_3_years": "2–3 years",
        "3_to_5_years": "3–5 years",
        "over_5_years": "over 5 years",
        "basis": "On which basis?",
        "basis_text": "The basis to process (the property “hs_legal_basis”) is not a permission to mail: "
        "that "
        "stands by purpose below.",
        "basis_head": "Basis to process",
        "none": "none",
        "purposes": "Purposes",
        "purposes_text": "What HubSpot shows for each subscription type. “Subscribed” is no proved consent; "
        "consent-mirror gaps shows who lacks evidence.",
        "purpose": "Purpose",
        "subscribed": "Subscribed",
        "unsubscribed": "Unsubscribed",
        "not_specified": "No answer",
        "opted_out": "Opted out of all e-mail: {count} contacts.",
        "bases": "Basis of those who are subscribed",
        "hubspot_basis": "HubSpot's basis",
        "properties": "Properties with personal data",
        "properties_text": "Your own properties and those of HubSpot that people fill in. A property is "
        "used when a "
        "purpose lists it in the configuration ([[purposes]] properties).",
        "property": "Property",
        "filled": "Filled",
        "used": "Used by",
        "remark": "Remark",
        "is_sensitive": "sensitive",
        "is_unused": "no purpose",
        "always": "consent handling",
        "not_counted": "not counted",
        "lint": "Consent texts of the forms",
        "lint_text": "A machine finds what is missing, never that a text is good.",
        "form": "Form",
        "lacks": "Lacks",
        "complete": "nothing found",
        "no_forms": "The forms are not shown to this key (the scope forms is missing).",
        "no_boxes": "No form has a box for any subscription type.",
        "next": "Next steps",
        "next_steps": "Go through the list at the top with the owner of the register.|Say in the "
        "configuration which "
        "properties each purpose uses, and remove the others in HubSpot.|Mend the texts of the forms before "
        "more "
        "people say yes.|Read the register with consent-mirror backfill; consent-mirror report then "
        "shows the "
        "discrepancies every night.",
        "chart_origin": "Contacts by source",
        "chart_age": "Contacts by age",
        "chart_status": "Subscribed, by purpose",
        "no_charts": "The charts could not be drawn. The figures are complete.",
    },
}

#: HubSpot's words for how a record was made; others are shown as they come.
SOURCES: Final[Mapping[str, Mapping[str, str]]] = {
    "sv": {
        "FORM": "formulär", "FORMS": "formulär", "IMPORT": "import", "CRM_UI": "kollega i HubSpot",
        "INTEGRATION": "app eller integration", "API": "program (API)", "EMAIL": "e-post", "unknown": "okänd",
        "MEETINGS": "möteslänk", "CONVERSATIONS": "chatt", "BATCH_UPDATE": "massändring",
        "OFFLINE": "offline",
    },
    "en": {
        "FORM": "form", "FORMS": "form", "IMPORT": "import", "CRM_UI": "colleague in HubSpot",
        "INTEGRATION": "app or integration", "API": "program (API)", "EMAIL": "e-mail", "unknown": "unknown",
        "MEETINGS": "meeting link", "CONVERSATIONS": "chat", "BATCH_UPDATE": "bulk change",
        "OFFLINE": "offline",
    },
}  # fmt: skip

#: HubSpot's bases to communicate (consent-domain 5).
HUBSPOT_BASES: Final[Mapping[str, Mapping[str, str]]] = {
    "sv": {
        "CONSENT_WITH_NOTICE": "samtycke med information",
        "LEGITIMATE_INTEREST_CLIENT": "befintlig kund",
        "LEGITIMATE_INTEREST_PQL": "presumtiv kund",
        "LEGITIMATE_INTEREST_OTHER": "annat berättigat intresse",
        "PERFORMANCE_OF_CONTRACT": "avtal",
        "PROCESS_AND_STORE": "samtycke till att lagra",
        "NON_GDPR": "”gäller inte”",
        "none": "ingen grund",
    },
    "en": {
        "CONSENT_WITH_NOTICE": "consent with notice",
        "LEGITIMATE_INTEREST_CLIENT": "existing customer",
        "LEGITIMATE_INTEREST_PQL": "prospect",
        "LEGITIMATE_INTEREST_OTHER": "other legitimate interest",
        "PERFORMANCE_OF_CONTRACT": "contract",
        "PROCESS_AND_STORE": "consent to store",
        "NON_GDPR": "“not applicable”",
        "none": "no basis",
    },
}
#: HubSpot's bases to process, as its checkbox spells them (HA 9).
PROCESSING_BASES: Final[Mapping[str, Mapping[str, str]]] = {
    "sv": {
        "Legitimate interest – prospect/lead": "berättigat intresse – presumtiv kund",
        "Legitimate interest – existing customer": "berättigat intresse – befintlig kund",
        "Legitimate interest - other": "berättigat intresse – annat",
        "Performance of a contract": "avtal",
        "Freely given consent from contact": "samtycke",
        "Not applicable": "”ej tillämpligt”",
        "none": "ingen",
    },
    "en": {"none": "none"},
}
