"""Why each row of the precedence table decides as it does, in a sentence for people (consent-domain 4)."""

from typing import Final, NamedTuple


class Why(NamedTuple):
    """One row's reason in the two languages of the product, with the article it rests on."""

    sv: str
    en: str

    def said(self, language: str) -> str:
        """In that language; English where we do not speak it."""
        return self.sv if language == "sv" else self.en


REASONS: Final[dict[int, Why]] = {
    1: Why(
        "HubSpot har ett nej och spegeln inget samtycke: ett nej behöver inget bevis (art. 7.3).",
        "HubSpot holds a no and the mirror no consent: a no needs no proof (Art. 7(3)).",
    ),
    2: Why(
        "Personen avregistrerade sig efter sitt samtycke: återkallelsen gäller (art. 7.3).",
        "The person unsubscribed after consenting: the withdrawal counts (Art. 7(3)).",
    ),
    3: Why(
        "Ja och nej ligger för nära varandra i tid: tvivlet går ut över den som ska bevisa (art. 7.1).",
        "Yes and no are too close in time to tell: doubt falls on whoever has to prove (Art. 7(1)).",
    ),
    4: Why(
        "HubSpots nej saknar tid och kan vara det sista ordet: det gäller (art. 7.1).",
        "HubSpot's no has no date and may be the last word: it counts (Art. 7(1)).",
    ),
    5: Why(
        "Ett nyare, bekräftat samtycke från personen ersätter det äldre nejet (art. 7.1).",
        "A newer, confirmed consent of the person supersedes the older no (Art. 7(1)).",
    ),
    6: Why(
        "Samtycket är nyare än nejet men inte bekräftat: en människa ser på det först (art. 7.1).",
        "The consent is newer than the no but not confirmed: a person looks first (Art. 7(1)).",
    ),
    7: Why(
        "Samtycket är inte personens egen styrkta handling: det häver inget nej (art. 7.1, 7.3).",
        "The consent is not the person's own proved act: it lifts no no (Art. 7(1), 7(3)).",
    ),
    8: Why(
        "Kunden har sagt nej: undantaget för befintliga kunder gäller inte längre (MFL 19 §, art. 21.3).",
        "The customer objected: the existing-customer exception is gone (ePrivacy 13(2), Art. 21(3)).",
    ),
    9: Why(
        "HubSpot och spegeln säger båda nej: inget att göra (art. 7.3).",
        "HubSpot and the mirror both say no: nothing to do (Art. 7(3)).",
    ),
    10: Why(
        "HubSpots ja har ett underlag med tid och ordalydelse: det är ett samtycke (art. 7.1).",
        "HubSpot's yes has evidence with time and wording: it is a consent (Art. 7(1)).",
    ),
    11: Why(
        "HubSpots ja saknar underlag: ett påstående är inget samtycke (art. 7.1).",
        "HubSpot's yes has no evidence: a claim is no consent (Art. 7(1)).",
    ),
    12: Why(
        "Den dubbla bekräftelsen är inte klar: bekräftelsen avgör (art. 7.1).",
        "The double opt-in is not completed: the confirmation decides (Art. 7(1)).",
    ),
    13: Why(
        "HubSpot och spegeln säger båda ja (art. 6.1 a).",
        "HubSpot and the mirror both say yes (Art. 6(1)(a)).",
    ),
    14: Why(
        "Personen sa nej efter HubSpots ja: HubSpot rättas genast (art. 7.3, 21.3).",
        "The person said no after HubSpot's yes: HubSpot is corrected at once (Art. 7(3), 21(3)).",
    ),
    15: Why(
        "HubSpots ja ligger för nära nejet i tid: tvivlet ger nej (art. 7.1).",
        "HubSpot's yes is too close to the no in time: doubt means no (Art. 7(1)).",
    ),
    16: Why(
        "HubSpots ja saknar tid och bevisar inget mot nejet (art. 7.1).",
        "HubSpot's yes has no date and proves nothing against the no (Art. 7(1)).",
    ),
    17: Why(
        "Personen ändrade sig, och det går att bevisa (art. 7.1).",
        "The person changed their mind, and it can be proved (Art. 7(1)).",
    ),
    18: Why(
        "Någon annan än personen satte ja över ett nej: nejet återställs (art. 7.3, 21.3).",
        "Someone other than the person set yes over a no: the no is restored (Art. 7(3), 21(3)).",
    ),
    19: Why(
        "Det gamla samtycket har upphört: bara en ny, styrkt handling ger ett nytt (art. 7.1).",
        "The old consent has ended: only a new, proved act gives another (Art. 7(1)).",
    ),
    20: Why(
        "Grunden är den befintliga kundrelationen, registrerad för sig (MFL 19 §).",
        "The basis is the existing customer relation, recorded on its own (ePrivacy 13(2)).",
    ),
    21: Why(
        "Ingen har sagt något (art. 4.11).",
        "Nobody has said anything (Art. 4(11)).",
    ),
    22: Why(
        "Samtycket finns och HubSpot vet inget om det: det förs över (art. 7.1).",
        "The consent exists and HubSpot does not know it: it is passed on (Art. 7(1)).",
    ),
    23: Why(
        "Någon har rensat ett bekräftat ja i HubSpot: det kan vara ett nej, så utskick väntar (art. 7.3).",
        "Someone cleared a confirmed yes in HubSpot: it may be a no, so sending waits (Art. 7(3)).",
    ),
    24: Why(
        "HubSpot saknar nejet och kan därför skicka: nejet skrivs igen (art. 7.3, 21.3).",
        "HubSpot lacks the no and might send: the no is written again (Art. 7(3), 21(3)).",
    ),
    25: Why(
        "Befintlig kund med erbjuden avregistrering: egen grund (MFL 19 §).",
        "Existing customer who was offered an opt-out: a basis of its own (ePrivacy 13(2)).",
    ),
    26: Why(
        "Personen har sagt nej till alla utskick: rätten är absolut (art. 21.2-21.3).",
        "The person opted out of all mailings: the right is absolute (Art. 21(2)-(3)).",
    ),
    27: Why(
        "Ett nyare, bekräftat samtycke gäller detta ändamål och inget annat (art. 6.1 a, 21.3).",
        "A newer, confirmed consent covers this purpose and no other (Art. 6(1)(a), 21(3)).",
    ),
    28: Why(
        "Personen har sagt nej till hela affärsenheten; okänd omfattning tolkas vidast (art. 21.3).",
        "The person opted out of the whole business unit; an unknown scope is read widest (Art. 21(3)).",
    ),
    29: Why(
        "HubSpot har tappat personens nej till allt: det skrivs igen (art. 21.3).",
        "HubSpot lost the person's no to everything: it is written again (Art. 21(3)).",
    ),
    30: Why(
        "HubSpot svarar både ja och nej till allt: det strängare gäller (art. 21.3).",
        "HubSpot answers yes and no-to-everything at once: the stricter counts (Art. 21(3)).",
    ),
    31: Why(
        "Kontakten finns inte i HubSpot: att radera i ett register är inget besked om samtycke (art. 7.3).",
        "The contact is missing in HubSpot: deleting a record says nothing about consent (Art. 7(3)).",
    ),
    32: Why(
        "Kontakten har återskapats: nejet följer personen (art. 7.3, 21.3).",
        "The contact came back: a no follows the person (Art. 7(3), 21(3)).",
    ),
    33: Why(
        "Adressen har ändrats: nej följer med till den nya, ja gör det inte (art. 7.1, 21.3).",
        "The address changed: noes follow to the new one, yeses do not (Art. 7(1), 21(3)).",
    ),
    34: Why(
        "En raderad person har dykt upp igen: ingen ny rad skapas, utskick stoppas (art. 17, 19, 5.2).",
        "An erased person reappeared: no new row is made, sending is stopped (Art. 17, 19, 5(2)).",
    ),
    35: Why(
        "Personen har själv anmält sig på nytt och bekräftat det: en ny relation börjar (art. 6.1 a, 17).",
        "The person signed up again and confirmed it: a new relation begins (Art. 6(1)(a), 17).",
    ),
    36: Why(
        "En styrkt radering utifrån: behandlingen stoppas nu, raderingen följer (art. 17, 18).",
        "A verified deletion from outside: processing stops now, erasure follows (Art. 17, 18).",
    ),
    37: Why(
        "En tveksam eller massvis radering: behandlingen stoppas, en människa ser på den (art. 18, 5.2).",
        "A doubtful or mass deletion: processing stops, a person looks at it (Art. 18, 5(2)).",
    ),
    38: Why(
        "Behandlingen är begränsad: uppgifterna lagras bara, nej registreras ändå (art. 18.2).",
        "Processing is restricted: data is only stored, noes are still recorded (Art. 18(2)).",
    ),
    39: Why(
        "HubSpots nej ligger i framtiden: det gäller från nu och spärrar inga senare ja (art. 7.3).",
        "HubSpot's no lies in the future: it counts from now and blocks no later yes (Art. 7(3)).",
    ),
    40: Why(
        "HubSpots ja ligger i framtiden: det räknas som odaterat (art. 7.1).",
        "HubSpot's yes lies in the future: it is treated as undated (Art. 7(1)).",
    ),
    41: Why(
        "Varken ja eller nej har någon tid: det strängare gäller (art. 7.1).",
        "Neither yes nor no has a date: the stricter counts (Art. 7(1)).",
    ),
    42: Why(
        "Detta är vår egen skrivning som kommer tillbaka: den är inte personens handling (art. 7.1).",
        "This is our own write coming back: it is not the person's act (Art. 7(1)).",
    ),
    43: Why(
        "Personen sa nej medan vi skrev ja: vår skrivning ångras genast och registreras (art. 7.3).",
        "The person said no while we wrote yes: our write is undone at once and recorded (Art. 7(3)).",
    ),
    44: Why(
        "Skrivningen till HubSpot är inte bekräftad: den försöks igen (art. 7.3).",
        "The write to HubSpot is not confirmed: it is tried again (Art. 7(3)).",
    ),
    45: Why(
        "HubSpot svarar med ett okänt värde: inget skickas (art. 25).",
        "HubSpot answers with an unknown value: nothing is sent (Art. 25).",
    ),
}


def why(row: int, language: str = "en") -> str:
    """The sentence of a row. Raises KeyError for a number that is not in the table."""
    return REASONS[row].said(language)
