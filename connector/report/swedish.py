"""The report's words in Swedish (glossary: consent-domain 11)."""

from collections.abc import Mapping
from typing import Final

from connector.report.discrepancies import Kind
from connector.report.words import KindWords, Words

KINDS: Final[Mapping[Kind, KindWords]] = {
    Kind.ERASED_REAPPEARED: KindWords(
        "Raderad person finns i HubSpot igen",
        "Raderad, finns igen",
        "HubSpot har på nytt uppgifter om någon som är raderad och står på spärrlistan; hos oss har inget "
        "sparats.",
        "Ta reda på vilket formulär, vilken import eller vilket system som lade in personen igen, stoppa det "
        "vid "
        "källan och radera kontakten i HubSpot.",
        "consent-mirror review list",
    ),
    Kind.RESUBSCRIBED_AGAINST_NO: KindWords(
        "Prenumeration påslagen trots ett nej",
        "Påslagen trots ett nej",
        "HubSpot visade SUBSCRIBED för någon som har sagt nej; nejet gäller och personen avregistreras på "
        "nytt.",
        "Ta reda på vem eller vad som slog på prenumerationen (kollega, import eller app) och stoppa det vid "
        "källan.",
        "consent-mirror person show ADRESS",
    ),
    Kind.MAILED_AFTER_NO: KindWords(
        "Utskick efter ett nej",
        "Utskick efter ett nej",
        "Ett marknadsutskick lämnade HubSpot efter att personen hade sagt nej till det; utskickets namn står "
        "vid ändamålet.",
        "Ta reda på varför nejet inte stoppade utskicket (skickat som transaktionellt, köat innan, annat "
        "verktyg), stoppa det där och svara personen om den klagar.",
        "consent-mirror person show ADDRESS",
    ),
    Kind.MAILED_WITHOUT_CONSENT: KindWords(
        "Utskick utan samtycke",
        "Utskick utan samtycke",
        "Ett marknadsutskick lämnade HubSpot för ett ändamål som varken ett samtycke, en kundrelation eller "
        "en "
        "uppgift om samtycke bar.",
        "Kontrollera listan som utskicket gick till, och registrera samtycket om det finns underlag; ta "
        "annars "
        "bort personen från listan.",
        "consent-mirror audience PURPOSE",
    ),
    Kind.OPTOUT_NOT_CONFIRMED: KindWords(
        "Nej som HubSpot ännu inte har bekräftat",
        "Nej ej bekräftat",
        "Någon har sagt nej, men HubSpot har ännu inte visat att nejet gäller där; efter en timme är det ett "
        "larm.",
        "Skicka på nytt nu. Kommer nejet ändå inte fram: avregistrera personen för hand i HubSpot och kör "
        "doctor.",
        "consent-mirror sync",
    ),
    Kind.BREAKER_OPEN: KindWords(
        "Skyddsbrytaren har löst ut",
        "Skyddsbrytaren",
        "Ovanligt många ändringar kom på en gång: raderingar och nya prenumerationer väntar tills en "
        "människa har "
        "tittat, men varje nej går fram ändå.",
        "Kontrollera om ändringarna är avsiktliga innan något godkänns.",
        "consent-mirror status",
    ),
    Kind.REQUEST_DUE: KindWords(
        "Förfrågan från en registrerad ska snart besvaras",
        "Förfrågan ska besvaras",
        "Någon har begärt registerutdrag, rättelse, radering, begränsning, dataportabilitet eller invänt, "
        "och tjugo dagar har gått; svaret ska lämnas inom en månad.",
        "Besvara den, eller förläng med två månader och skäl innan den första månaden är ute.",
        "consent-mirror requests list --due",
    ),
    Kind.RECIPIENT_NOT_TOLD: KindWords(
        "Mottagare som inte har bekräftat",
        "Mottagare ej underrättad",
        "En radering, rättelse eller begränsning ska nå varje mottagare av uppgifterna; någon har "
        "inte bekräftat inom ett dygn.",
        "Kontrollera mottagarens adress och hemlighet, eller underrätta mottagaren på annat sätt.",
        "consent-mirror sync",
    ),
    Kind.WAITING_FOR_REVIEW: KindWords(
        "Väntar på granskning",
        "Väntar på granskning",
        "Reglerna räcker inte för att avgöra fallet; inget skickas till personen förrän någon har beslutat.",
        "Läs frågan och besluta.",
        "consent-mirror review list",
    ),
    Kind.CLEARED_IN_HUBSPOT: KindWords(
        "Status borttagen i HubSpot",
        "Status borttagen",
        "HubSpot visar inte längre något svar från någon vars svar finns i spegeln; ett nej skrivs tillbaka "
        "och ett "
        "ja används inte förrän någon har tittat.",
        "Ta reda på varför statusen togs bort: det kan vara ett nej som har registrerats fel.",
        "consent-mirror person show ADRESS",
    ),
    Kind.CHANGED_WITHOUT_ACT: KindWords(
        "Ändrad i HubSpot utan att personen själv har handlat",
        "Ändrad av annan",
        "En kollega, en import eller en app har ändrat statusen, och inget visar att personen själv har bett "
        "om det.",
        "Ta reda på vem som gjorde ändringen och varför; finns det underlag ska det registreras.",
        "consent-mirror person show ADRESS",
    ),
    Kind.UNKNOWN_VALUE: KindWords(
        "Okänt värde från HubSpot",
        "Okänt värde",
        "HubSpot svarade med ett värde som produkten inte känner till; personen får inga utskick förrän det "
        "är utrett.",
        "Kontrollera anslutningen och uppdatera Consent Mirror.",
        "consent-mirror doctor",
    ),
    Kind.NOTICE_OVERDUE: KindWords(
        "Inte informerad i tid om att uppgifterna finns här",
        "Information försenad",
        "Uppgifterna kom från annat håll, och månaden inom vilken personen ska informeras (artikel 14) är "
        "slut.",
        "Skicka informationen; går inget mejl fram, informera på annat sätt och registrera det.",
        "consent-mirror notices send",
    ),
    Kind.LETTER_REFUSED: KindWords(
        "Brev till en person nekades",
        "Brev nekat",
        "Mejlservern tar inte emot en information, ett kvitto eller ett svar till personen, som alltså inte "
        "har fått det.",
        "Kontrollera adressen med personen eller svara på annat sätt; `notices retry` försöker igen.",
        "consent-mirror notices retry",
    ),
    Kind.CHECKPOINT_NOT_COPIED: KindWords(
        "Kontrollpunkt inte kopierad till sin plats",
        "Kontrollpunkt ej kopierad",
        "Loggen är signerad här, men kopian som avslöjar en avkortad logg ligger inte där den ska.",
        "Laga mappen, git-förrådet eller mejlvägen; nya försök görs av sig självt.",
        "consent-mirror doctor",
    ),
    Kind.NO_MAIL_PATH: KindWords(
        "Natt utan rapport",
        "Natt utan rapport",
        "Rapporten gick inte att skicka, eftersom e-postservern inte tog emot den eller ingen körning "
        "gjordes.",
        "Kontrollera e-postservern, lösenordet och mottagarna.",
        "consent-mirror doctor",
    ),
    Kind.WORDING: KindWords(
        "Brist i en samtyckestext",
        "Brist i text",
        "En text som människor säger ja till saknar något som krävs, eller har ändrats utan ny version.",
        "Rätta texten och registrera den som en ny version.",
        "consent-mirror wording lint",
    ),
    Kind.EXPORT_OVERDUE: KindWords(
        "Fil med personuppgifter som sparats för länge",
        "Fil sparad för länge",
        "En fil med personuppgifter som skrevs härifrån skulle ha förstörts vid det här laget.",
        "Förstör den; är den flyttad eller ändrad: leta upp alla kopior, förstör dem och säg det med --gone.",
        "consent-mirror exports list --overdue",
    ),
    Kind.RETENTION_UNKNOWN: KindWords(
        "Saknar gallringsdag",
        "Saknar gallringsdag",
        "För några personer är datumet som en gallringsregel räknar från okänt: regeln gallrar dem aldrig.",
        "Se hur många de är och ge dem ett skäl att vara kvar eller gå: en regel efter first_seen, eller "
        "radering.",
        "consent-mirror retention plan",
    ),
    Kind.ACCESS_UNJUSTIFIED: KindWords(
        "Åtkomst som ingen har motiverat",
        "Åtkomst utan motiv",
        "Någon eller något kommer åt registret och det saknas ett motiv, dagen för ny prövning har kommit, "
        "eller "
        "så kan en fil läsas av andra.",
        "Skriv varför åtkomsten behövs och till när, eller ta bort den.",
        "consent-mirror access",
    ),
    Kind.ACCESS_DORMANT: KindWords(
        "Åtkomst som inte används",
        "Vilande åtkomst",
        "Någon kan logga in i HubSpot men har inte gjort det på länge.",
        "Fråga om åtkomsten behövs; ta annars bort användaren i HubSpot.",
        "consent-mirror access",
    ),
    Kind.STATUS_WITHOUT_EVIDENCE: KindWords(
        "Status utan underlag",
        "Status utan underlag",
        "HubSpot visar ett ja, men det finns inget underlag som visar samtycket; det räknas som ett "
        "påstående och "
        "ger ingen rätt till utskick.",
        "Leta upp underlaget och registrera det; finns inget underlag ska statusen inte användas.",
        "consent-mirror inventory",
    ),
    Kind.MISSING_IN_HUBSPOT: KindWords(
        "Saknas i HubSpot",
        "Saknas i HubSpot",
        "Kontakten finns inte längre i HubSpot; det som personen har svarat finns kvar i spegeln och nej "
        "gäller "
        "fortfarande.",
        "Kontrollera om kontakten togs bort med avsikt; har personen bett om radering ska den göras även "
        "här.",
        "consent-mirror person show ADRESS",
    ),
}

STATES: Final = {
    "GRANTED": "Samtycke",
    "SOFT_OPTIN": "Befintlig kundrelation",
    "WITHDRAWN": "Återkallat",
    "DENIED": "Nekat",
    "CLAIMED": "Påstående",
    "PENDING": "Väntar på bekräftelse",
    "EXPIRED": "Utgånget",
    "INVALIDATED": "Ogiltigt",
    "UNKNOWN": "Okänt",
}

BASES: Final = {
    "consent": "samtycke",
    "soft_optin": "befintlig kundrelation",
    "contract": "avtal",
    "legal_obligation": "rättslig förpliktelse",
    "vital": "grundläggande intresse",
    "public_task": "allmänt intresse",
    "legitimate_interest": "berättigat intresse",
    "none": "ingen rättslig grund",
}

TEXTS: Final = {
    "title": "Avvikelserapport",
    "subject_none": "Inga avvikelser",
    "subject_urgent": "{urgent} att åtgärda nu: {worst}",
    "subject_calm": "{worst}",
    "subject_counts": "{total} avvikelser, varav {new} nya",
    "subject_counts_one": "1 avvikelse",
    "lead_none": "Inga avvikelser mellan HubSpot och spegeln.",
    "lead_calm": "Inget kräver åtgärd nu.",
    "lead_urgent_one": "1 avvikelse kräver åtgärd nu.",
    "lead_urgent": "{urgent} avvikelser kräver åtgärd nu.",
    "lead_counts": "Totalt {total}: nya {new}, oförändrade {unchanged}. Lösta sedan förra "
    "rapporten: {resolved}.",
    "lead_first": "Detta är den första rapporten: alla avvikelser räknas som nya.",
    "late": "Ett nej har väntat på HubSpots bekräftelse i {age}.",
    "nothing_read": "Inget har hämtats från HubSpot ännu.",
    "stale": "Den senaste hämtningen från HubSpot gjordes för {age} sedan.",
    "missed": "Rapporten gick inte att skicka dessa nätter: {nights}.",
    "urgency_act": "Åtgärda nu",
    "urgency_look": "Titta på",
    "urgency_know": "För kännedom",
    "overview": "Avvikelser",
    "kind": "Avvikelse",
    "count": "Antal",
    "new": "Nya",
    "unchanged": "Oförändrade",
    "resolved": "Lösta",
    "oldest": "Äldsta",
    "details": "Vad det är och vad man gör",
    "do": "Gör så här",
    "command": "Kommando",
    "person": "Person",
    "contact": "Kontakt",
    "purpose": "Ändamål",
    "since": "Sedan",
    "more": "och {count} till.",
    "more_cut": "och {count} till. Endast de första {limit} visas med detaljer i bilagan och i --json.",
    "all_resolved": "Finns inte längre. Lösta sedan förra rapporten: {count}.",
    "mark_new": "ny",
    "the_portal": "hela portalen",
    "charts": "Diagram",
    "no_charts": "Diagrammen gick inte att rita i natt. Siffrorna nedan är fullständiga.",
    "chart_states": "Samtycken och nej över tid, alla ändamål",
    "chart_states_one": "Samtycken och nej i dag, alla ändamål",
    "chart_kinds": "Avvikelser per slag",
    "as_of": "Uppgifterna gäller",
    "last_pull": "Senaste hämtning av ändringar",
    "last_sweep": "Senaste genomgång av alla kontakter",
    "never": "aldrig",
    "contacts": "Kontakter i spegeln",
    "coverage": "Hur gammalt det vi vet om varje ändamål är",
    "coverage_value": "{share} lästa i sin helhet ({read} av {total}), äldsta {oldest}.",
    "coverage_fresh": "{share} lästa i sin helhet ({read} av {total}).",
    "coverage_ages": "Inom ett dygn {day}, en vecka {week}, en månad {month}, äldre {older}, aldrig {never}.",
    "coverage_noes": "Av dem som aldrig lästs har {count} sagt nej: det är känt och gäller.",
    "coverage_noes_one": "Av dem som aldrig lästs har en sagt nej: det är känt och gäller.",
    "coverage_mailable": "Av de {count} som får utskick lästes den äldsta {oldest}.",
    "coverage_mailable_one": "Den enda som får utskick lästes {oldest}.",
    "sendable": "Får få utskick",
    "sendable_value": "{count} personer",
    "sendable_one": "{count} person",
    "all_marketing": "All marknadsföring",
    "states": "Läge per ändamål",
    "state": "Läge",
    "basis": "Rättslig grund",
    "grade": "Bevisgrad",
    "standing": "Läget nu",
    "work_first": "Sedan början",
    "work": "Sedan förra rapporten",
    "withdrawals": "Nya nej",
    "latency": "Från nej till bekräftat i HubSpot",
    "latency_value": "hälften inom {p50}, 95 % inom {p95}; {over} tog en timme eller mer",
    "latency_none": "inga bekräftade nej",
    "pushed": "Skrivningar till HubSpot",
    "confirmed": "Bekräftade av HubSpot",
    "pending": "Väntar på HubSpot",
    "pending_value": "{count}, varav {noes} nej; äldsta {age}",
    "erased": "Raderade personer",
    "reviews": "Väntar på granskning",
    "breaker": "Skyddsbrytare",
    "breaker_closed": "inte utlöst",
    "calls": "Anrop till HubSpot",
    "log": "Loggen",
    "entries": "Poster",
    "root": "Rot",
    "checkpoint": "Senaste kontrollpunkt",
    "checkpoint_value": "{at}, vid post {size}",
    "verify": "Verifiera loggen med: {command}",
    "attachment": "Bilagan {name} innehåller alla avvikelser med maskerade adresser.",
    "sheet_urgency": "Hur bråttom",
    "sheet_title": "Avvikelse",
    "sheet_kind": "Slag",
    "sheet_new": "Ny",
    "sheet_person": "Person",
    "sheet_contact": "Kontakt i HubSpot",
    "sheet_subject": "Personens beteckning",
    "sheet_purpose": "Ändamål",
    "sheet_since": "Sedan (UTC)",
    "sheet_hours": "Ålder i timmar",
    "sheet_row": "Regel",
    "sheet_reference": "Hänvisning",
    "sheet_do": "Gör så här",
    "sheet_command": "Kommando",
    "everything": "Alla avvikelser: {command}",
    "footer": "Skickat automatiskt av Consent Mirror för {controller}. Adresser visas maskerade.",
}

MONTHS: Final = "januari februari mars april maj juni juli augusti september oktober november december"

SWEDISH: Final = Words(
    language="sv",
    kinds=KINDS,
    states=STATES,
    bases=BASES,
    texts=TEXTS,
    thousands="\N{NO-BREAK SPACE}",
    decimal=",",
    percent="\N{NO-BREAK SPACE}%",
    units=("dygn", "tim", "min", "s"),
    months=tuple(MONTHS.split()),
)
