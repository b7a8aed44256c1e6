"""The words of the record of processing and the assessment in both languages (glossary: CD 11)."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "sv": {
        "record": "Registerförteckning (artikel 30)",
        "record_intro": "Gjord av konfigurationen och av vad HubSpot och spegeln visar. Tomma fält är "
        "märkta med "
        "vad som ska fyllas i och var.",
        "dpia": "Konsekvensbedömning (artikel 35)",
        "dpia_intro": "Ifylld så långt konfigurationen räcker. Bedömningen gör ni: märkta fält väntar på er.",
        "threats": "Hotmodell",
        "threats_intro": "Tjugo hot, åtgärden mot vart och ett, och hur det står till i den här "
        "installationen.",
        "missing": "Saknas: ",
        "missing_head": "Det här saknas",
        "complete": "Inget obligatoriskt fält är tomt.",
        "made": "Framställd",
        "who": "Vem som behandlar",
        "controller": "Personuppgiftsansvarig",
        "contact": "Kontakt",
        "joint": "Gemensamt ansvariga",
        "representative": "Företrädare",
        "dpo": "Dataskyddsombud",
        "processor": "Personuppgiftsbiträde",
        "agreement": "Biträdesavtal",
        "hosting": "HubSpots lagringsplats",
        "purposes": "Ändamål",
        "purpose": "Ändamål",
        "basis": "Rättslig grund",
        "people": "Personer nu",
        "subjects": "Registrerade",
        "categories": "Personuppgifter",
        "retain": "Gallring",
        "recipients": "Mottagare",
        "recipient": "Mottagare",
        "role": "Roll",
        "country": "Land",
        "transfer": "Skyddsåtgärd",
        "only_hubspot": "Inga mottagare utöver HubSpot är angivna.",
        "third": "Överföring till tredje land",
        "security": "Säkerhetsåtgärder (artikel 32)",
        "own": "Inbyggt",
        "yours": "Era egna",
        "measures": "Adresser krypterade med en nyckel per person, nycklar utanför databasen|Logg som bara "
        "växer, "
        "hashkedja och signerade kontrollpunkter|Läsning av en person loggas; adresser maskeras i rapport "
        "och logg|"
        "Brytare och två beslutsfattare för massändringar|Raderade personer hindras från att "
        "återkomma|Åtkomst med "
        "motiv och dag för ny prövning",
        "processor_role": "personuppgiftsbiträde",
        "controller_role": "personuppgiftsansvarig",
        "description": "Beskrivning av behandlingen (35.7 a)",
        "description_text": "Kontakter läses från HubSpot till en spegel hos den ansvarige. Spegeln avgör "
        "per "
        "person och ändamål om utskick är tillåtet, skriver nej tillbaka till HubSpot och bevarar "
        "underlaget. "
        "Inget beslut fattas om någon på annat sätt än om utskick får göras.",
        "necessity": "Nödvändighet och proportionalitet (35.7 b)",
        "necessity_text": "Bara adressen och det som samtycket vilar på speglas; andra egenskaper i HubSpot "
        "läses inte in. Varje ändamål har grund och gallringsregel enligt ovan. Återkallelse är lika lätt "
        "som "
        "samtycke och verkar genast.",
        "risks": "Risker och åtgärder (35.7 c–d)",
        "risk": "Risk",
        "measure": "Åtgärd",
        "here": "Här",
        "open": "att göra",
        "number": "Nr",
        "assess": "Er bedömning",
        "assessed": "Bedömd av och när",
        "residual": "Kvarstående risk",
        "views": "De registrerades synpunkter (35.9)",
        "needed": "Behövs en konsekvensbedömning?",
        "needed_text": "Behandlingen omfattar {people} personer. Två av IMY:s kriterier räcker ofta: "
        "storskalig "
        "behandling, profilering, känsliga uppgifter, sårbara personer, kombinerade register, ny teknik.",
        "unknown_hosting": "visas när HubSpot svarar",
    },
    "en": {
        "record": "Record of processing (Article 30)",
        "record_intro": "Made from the configuration and from what HubSpot and the mirror show. Empty "
        "fields are "
        "marked with what to fill in and where.",
        "dpia": "Data protection impact assessment (Article 35)",
        "dpia_intro": "Filled in as far as the configuration reaches. The assessment is yours: marked "
        "fields wait "
        "for you.",
        "threats": "Threat model",
        "threats_intro": "Twenty threats, the measure against each, and how it stands in this installation.",
        "missing": "Missing: ",
        "missing_head": "This is missing",
        "complete": "No mandatory field is empty.",
        "made": "Made",
        "who": "Who processes",
        "controller": "Controller",
        "contact": "Contact",
        "joint": "Joint controllers",
        "representative": "Representative",
        "dpo": "Data protection officer",
        "processor": "Processor",
        "agreement": "Data processing agreement",
        "hosting": "Where HubSpot keeps it",
        "purposes": "Purposes",
        "purpose": "Purpose",
        "basis": "Legal basis",
        "people": "People now",
        "subjects": "Data subjects",
        "categories": "Personal data",
        "retain": "Erased",
        "recipients": "Recipients",
        "recipient": "Recipient",
        "role": "Role",
        "country": "Country",
        "transfer": "Safeguard",
        "only_hubspot": "No recipient beside HubSpot is named.",
        "third": "Transfers to third countries",
        "security": "Security measures (Article 32)",
        "own": "Built in",
        "yours": "Your own",
        "measures": "Addresses encrypted under a key per person, keys outside the database|Append-only log, "
        "hash chain "
        "and signed checkpoints|Reads of a person are logged; addresses are masked in report and "
        "logs|Breakers and "
        "two deciders for mass changes|Erased people are kept from coming back|Access with a motive and a "
        "day to "
        "look again",
        "processor_role": "processor",
        "controller_role": "controller",
        "description": "Description of the processing (35(7)(a))",
        "description_text": "Contacts are read from HubSpot into a mirror at the controller's. It decides "
        "for each "
        "person and purpose whether mailing is allowed, writes every no back to HubSpot and keeps the "
        "evidence. "
        "No decision about anybody is made but whether they may be mailed.",
        "necessity": "Necessity and proportionality (35(7)(b))",
        "necessity_text": "Only the address and what the consent rests on are mirrored; other properties of "
        "HubSpot are not read in. Each purpose has a basis and a retention rule as above. Withdrawing is as "
        "easy "
        "as consenting and works at once.",
        "risks": "Risks and measures (35(7)(c)–(d))",
        "risk": "Risk",
        "measure": "Measure",
        "here": "Here",
        "open": "to do",
        "number": "No.",
        "assess": "Your assessment",
        "assessed": "Assessed by and when",
        "residual": "Risk that is left",
        "views": "Views of data subjects (35(9))",
        "needed": "Is an assessment needed?",
        "needed_text": "The processing reaches {people} people. Two of the authority's criteria are often "
        "enough: "
        "large scale, profiling, sensitive data, vulnerable people, combined registers, new technology.",
        "unknown_hosting": "shown when HubSpot answers",
    },
}

#: What to write where a field is empty: setting -> words.
FILL: Final[Mapping[str, Mapping[str, str]]] = {
    "sv": {
        "processing.dpo": "dataskyddsombud med kontakt, eller ”none”",
        "processing.processor_agreement": "biträdesavtalet med HubSpot: datum eller nummer",
        "processing.third_countries": "överföringar utanför EU/EES med skyddsåtgärd, eller ”none”",
        "processing.security": "era egna säkerhetsåtgärder",
        "processing.assessed": "vem som bedömde och när",
        "processing.residual_risk": "vilken risk som är kvar, och om IMY ska höras (artikel 36)",
        "processing.views": "vad de registrerade eller deras företrädare sade",
        "purposes.subjects": "vilka personer ändamålet gäller",
        "purposes.categories": "vilka uppgifter ändamålet använder",
        "recipients.country": "i vilket land mottagaren behandlar uppgifterna",
    },
    "en": {
        "processing.dpo": "data protection officer with contact, or “none”",
        "processing.processor_agreement": "the agreement with HubSpot: date or number",
        "processing.third_countries": "transfers outside the EU/EEA with their safeguard, or “none”",
        "processing.security": "your own security measures",
        "processing.assessed": "who assessed it and when",
        "processing.residual_risk": "what risk is left, and whether the authority is consulted (Art. 36)",
        "processing.views": "what data subjects or their representatives said",
        "purposes.subjects": "whose data the purpose is about",
        "purposes.categories": "which data the purpose uses",
        "recipients.country": "in which country the recipient processes the data",
    },
}
