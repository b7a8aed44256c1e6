"""The questions that wait for a person, in Swedish: by their kind. English is what the acts wrote down."""

from collections.abc import Mapping
from typing import Final

from connector.store.reviews import Review

#: A consent whose restriction has ended asks under the kind of a resubscription (acts/reviews.py).
UNRESTRICTED: Final = "unrestricted"
SWEDISH: Final[Mapping[str, str]] = {
    "resubscribe": "HubSpot har ett äldre nej; registret ett nyare samtycke med text. Ja: HubSpots nej "
    "hävs. Nej: nejet gäller och samtycket läggs åt sidan.",
    UNRESTRICTED: "Personens begränsning har upphört. Ja: samtycket gäller fortfarande och skrivs till "
    "HubSpot igen. Nej: samtycket läggs åt sidan.",
    "resubscribe_wide": "HubSpot har ett nej till allt; registret ett nyare samtycke till bara det här "
    "ändamålet. Ja: bara det här ändamålet får skickas igen. Nej: nejet till allt gäller.",
    "cleared": "Någon har tömt en status som HubSpot hade bekräftat. Ja: samtycket gäller fortfarande och "
    "skrivs igen. Nej: det var ett nej, och registreras som ett.",
    "evidence": "HubSpot säger att personen har börjat prenumerera igen, utan text. Ja: underlaget är "
    "registrerat. Nej: nejet gäller.",
    "erasure": "En radering är tveksam eller en av många. Personen är begränsad och alla utskick är "
    "stoppade. Ja: radera, i HubSpot och här. Nej: det var ett misstag; begränsningen hävs.",
    "retention": "Fler personers tid är ute än säkringen släpper igenom på ett dygn: {people} personer. Se "
    "gallringsplanen. Ja: de raderas, här och i HubSpot, vid nästa körning. Nej: ingen av dem raderas; "
    "frågan ställs igen om 30 dagar.",
    "proofs": "Underlaget för fler upphörda samtycken har haft sin tid än säkringen släpper igenom på ett "
    "dygn: {people}. Se gallringsplanen. Ja: underlaget förstörs vid nästa körning, nejen finns kvar. Nej: "
    "inget förstörs; frågan ställs igen om 30 dagar.",
    "breaker": "Säkringen är öppen: ingen läggs till och ingen raderas, nej går fram. Se efter vad som har "
    "ändrats i HubSpot. Ja: det är rätt, stäng säkringen. Nej: håll den öppen.",
    "archived": "Personens enda post är arkiverad i HubSpot. Ja: radera personen för gott, i HubSpot och "
    "här. Nej: personen finns kvar här med sina nej och kan återställas i HubSpot inom 90 dagar.",
    "list_left": "Ändamålet {purpose} finns inte i inställningarna längre, så ingen får utskick för det: "
    "dess lista i HubSpot töms. Ja: listan hålls inte i takt längre. Nej: den hålls tom, och fylls igen om "
    "ändamålet kommer tillbaka.",
    "import_rows_gone": "En import avbröts, och raderna som väntar finns inte bredvid maskinens nycklar "
    "eller går inte att läsa; det kan finnas nej bland dem. Leta efter mappen imports-ID där den började, "
    "eller kör samma import igen med --confirm: båda avslutar frågan. Ja: den överges som den är. Nej: den "
    "väntar på sina rader.",
    "fight": "En annan app skriver gång på gång över statusen i HubSpot: den har skrivits tre gånger på "
    "ett dygn. Leta upp appen i kontaktens historik i HubSpot och stoppa den. Ja: den är stoppad, skriv "
    "nu. Nej: det skrivs igen när ett dygn har gått.",
    "annul": "Ett nej ska ha registrerats av misstag. Ja: det görs ogjort. Nej: det gäller. Se efter hur det "
    "kom in och tala med personen innan du håller med.",
    "invalidate_wording": "En text ska inte vara en giltig fråga om samtycke ({wording}). Ja: varje ja som "
    "vilar på den upphör. Nej: inget ändras. Läs den först, under Texter.",
}


def question(review: Review, language: str) -> str:
    """What is asked, in `sv` or `en`; a kind without Swedish words says at least what an answer means."""
    if language != "sv":
        return review.question
    kind = UNRESTRICTED if review.key.startswith(f"{UNRESTRICTED}:") else review.kind
    detail = {name: str(value) for name, value in review.detail.items()}
    values = {
        "people": detail.get("people", "?"),
        "wording": detail.get("wording", "")[:12],
        "purpose": review.purpose,
    }
    return SWEDISH[kind].format(**values) if kind in SWEDISH else OTHER


OTHER: Final = "En person måste ta ställning. Ja: åtgärden får ske. Nej: den får inte ske."
