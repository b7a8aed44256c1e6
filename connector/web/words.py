"""What the public pages say, in Swedish and English (consent-domain 8 and 11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Say:
    """One language and its texts."""

    language: str
    name: str
    texts: Mapping[str, str]

    def __call__(self, text: str, /, **values: object) -> str:
        """One text with its values filled in."""
        return self.texts[text].format(**values)


SWEDISH: Final = Say(
    "sv",
    "Svenska",
    {
        "skip": "Till innehållet",
        "language": "Språk",
        "title": "Dina val för utskick",
        "controller": "Personuppgiftsansvarig: {name}. Kontakt: {contact}.",
        "error_title": "Det gick inte",
        "error": "Något gick fel. Inget har ändrats. Skriv till {contact} så hjälper vi dig.",
        "error_400": "Vi kunde inte läsa det som skickades. Inget har ändrats. Försök igen, eller skriv till "
        "{contact} så hjälper vi dig.",
        "error_404": "Sidan finns inte. Skriv till {contact} så hjälper vi dig.",
        "error_405": "Så går det inte att använda sidan. Inget har ändrats.",
        "error_429": "För många försök på kort tid. Vänta en stund, eller skriv till {contact}.",
        "error_500": "Något gick fel hos oss. Skriv till {contact} så hjälper vi dig.",
        "error_503": "Vi kunde inte spara ditt val just nu. Inget har registrerats. Försök igen om en stund, "
        "eller skriv till {contact}.",
        "applies_to": "Det gäller {address}.",
        "applies_neutral": "Det gäller den adress som utskicket eller mejlet med länken kom till.",
        "now_yes": "Nu: vi får skicka {purpose} till dig.",
        "now_no": "Nu: vi skickar inte {purpose} till dig.",
        "lead": "Här bestämmer du vad {company} får skicka till dig. Ett stopp gäller direkt, och du "
        "behöver inte uppge något skäl.",
        "all_title": "Stoppa allt",
        "all_text": "Du får inga fler utskick med marknadsföring från oss, oavsett ämne.",
        "stop_all": "Sluta skicka all marknadsföring",
        "each_title": "Välj för varje ämne",
        "stop": "Sluta skicka {purpose}",
        "yes": "Ja, {company} får skicka {purpose} till {address} via e-post. Jag kan när som helst "
        "återkalla mitt samtycke.",
        "yes_address": "den här adressen",
        "yes_button": "Skicka ett mejl för att bekräfta {purpose}",
        "yes_hint": "Inget ändras förrän du har bekräftat i mejlet som vi skickar till adressen.",
        "unticked": "Kryssa i rutan först. Inget har ändrats.",
        "done": "Klart. Du får inga fler {purpose} från oss. Registrerat {time}.",
        "done_all": "utskick med marknadsföring",
        "asked": "Om adressen finns hos oss har vi skickat ett mejl dit. Följ länken i mejlet inom sju "
        "dagar och bekräfta. Högst ett sådant mejl skickas per dygn. Registrerat {time}.",
        "look_title": "Se vad som gäller för dig",
        "look_text": "Den här länken visar varken din adress eller dina val, eftersom ett mejl kan ha "
        "vidarebefordrats. Vi kan skicka en ny länk till adressen; den visar dem i 30 dagar.",
        "look_button": "Skicka en länk till min adress",
        "look_done": "Om adressen finns hos oss har vi skickat en länk dit.",
        "access_title": "Få ett registerutdrag",
        "access_text": "Du får en kopia av de uppgifter vi har om dig, varifrån de kommer och hur länge "
        "vi sparar dem.",
        "access_button": "Begär registerutdrag",
        "erase_title": "Radera mina uppgifter",
        "erase_text": "Radera mina uppgifter. Vi sparar bara en krypterad spärr så att du inte läggs in "
        "igen.",
        "erase_sure": "Ja, radera mina uppgifter.",
        "erase_button": "Begär radering",
        "received": "Vi har tagit emot din begäran {date} och svarar senast {due}.",
        "saved": "Sparat",
        "not_saved": "Inget har ändrats",
        "confirm_title": "Bekräfta att du vill ha {purpose}",
        "confirm_button": "Bekräfta att du vill ha {purpose}",
        "confirm_text": "Du, eller någon som har skrivit din adress, har bett om {purpose}. Vill du inte "
        "ha det: stäng sidan, så händer ingenting och uppgifterna raderas efter sju dagar.",
        "confirm_said": "Det här säger du ja till:",
        "confirm_soon": "Du sa nyss nej. Vänta fem minuter och bekräfta sedan här igen, så räknas ditt ja.",
        "confirmed": "Klart. Du får nu {purpose} från oss. Du kan när som helst återkalla ditt samtycke. "
        "Registrerat {time}.",
        "one_click": "Avregistrerad. Unsubscribed.",
        "link_invalid": "Länken fungerar inte längre. Skriv till {contact} så hjälper vi dig.",
    },
)

ENGLISH: Final = Say(
    "en",
    "English",
    {
        "skip": "Skip to content",
        "language": "Language",
        "title": "Your mailing choices",
        "controller": "Controller: {name}. Contact: {contact}.",
        "error_title": "That did not work",
        "error": "Something went wrong. Nothing has changed. Write to {contact} and we will help.",
        "error_400": "We could not read what was sent. Nothing has changed. Try again, or write to {contact} "
        "and we will help.",
        "error_404": "There is no such page. Write to {contact} and we will help.",
        "error_405": "The page cannot be used this way. Nothing has changed.",
        "error_429": "Too many attempts in a short time. Wait a moment, or write to {contact}.",
        "error_500": "Something went wrong on our side. Write to {contact} and we will help.",
        "error_503": "We could not save your choice just now. Nothing has been recorded. Try again in a "
        "moment, or write to {contact}.",
        "applies_to": "This is about {address}.",
        "applies_neutral": "This is about the address that the mailing, or the mail with the link, was "
        "sent to.",
        "now_yes": "Now: we may send you {purpose}.",
        "now_no": "Now: we do not send you {purpose}.",
        "lead": "Here you decide what {company} may send you. A stop takes effect at once, and you need "
        "not give a reason.",
        "all_title": "Stop everything",
        "all_text": "You will get no more marketing from us, whatever the subject.",
        "stop_all": "Stop all marketing",
        "each_title": "Choose for each subject",
        "stop": "Stop sending {purpose}",
        "yes": "Yes, {company} may send me {purpose} by e-mail at {address}. I can withdraw my consent at "
        "any time.",
        "yes_address": "this address",
        "yes_button": "Send a mail to confirm {purpose}",
        "yes_hint": "Nothing changes until you have confirmed it in the mail that we send to the address.",
        "unticked": "Tick the box first. Nothing has changed.",
        "done": "Done. You will get no more {purpose} from us. Recorded {time}.",
        "done_all": "marketing",
        "asked": "If we have the address, we have sent a mail to it. Follow the link in the mail within "
        "seven days and confirm. At most one such mail is sent in 24 hours. Recorded {time}.",
        "look_title": "See what applies to you",
        "look_text": "This link shows neither your address nor your choices, because a mail may have been "
        "forwarded. We can send a new link to the address; it shows them for 30 days.",
        "look_button": "Send a link to my address",
        "look_done": "If we have the address, we have sent a link to it.",
        "access_title": "Get my data",
        "access_text": "You get a copy of what we hold about you, where it comes from and how long we "
        "keep it.",
        "access_button": "Ask for a copy of my data",
        "erase_title": "Erase my data",
        "erase_text": "Erase my data. We keep only a protected block entry so that you are not added again.",
        "erase_sure": "Yes, erase my data.",
        "erase_button": "Ask for erasure",
        "received": "We received your request on {date} and will answer by {due}.",
        "saved": "Saved",
        "not_saved": "Nothing has changed",
        "confirm_title": "Confirm that you want {purpose}",
        "confirm_button": "Confirm that you want {purpose}",
        "confirm_text": "You, or somebody who wrote your address, asked for {purpose}. If you do not want "
        "it, close this page: nothing happens, and what was written is erased after seven days.",
        "confirm_said": "This is what you say yes to:",
        "confirm_soon": "You said no a moment ago. Wait five minutes and confirm here again: then your "
        "yes counts.",
        "confirmed": "Done. You will now get {purpose} from us. You can withdraw your consent at any "
        "time. Recorded {time}.",
        "one_click": "Avregistrerad. Unsubscribed.",
        "link_invalid": "This link no longer works. Write to {contact} and we will help.",
    },
)

WORDS: Final[Mapping[str, Say]] = {"sv": SWEDISH, "en": ENGLISH}
