"""The threat model (CD 9), each threat with its measure and how it stands in this installation. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.report.words import Language
from connector.settings import LOOPBACK, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Threat:
    """One threat. `here`: what this installation's settings make of it; `open`: somebody has to act."""

    number: int
    title: str
    measure: str
    here: str
    open: bool

    def document(self) -> dict[str, Any]:
        """One entry of `processing --sheet threats --json`."""
        return {
            "number": self.number,
            "title": self.title,
            "measure": self.measure,
            "here": self.here,
            "open": self.open,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the settings do not say: how many may decide, how many signed roots there are, who is asked."""

    deciders: int = 0
    checkpoints: int = 0
    first_push_confirmed: bool = False
    open_files: int = 0


#: What is found here: (words in Swedish and English, is it open?)
Here = tuple[Mapping[str, str], bool]
BUILT_IN: Final[Here] = (
    {"sv": "inbyggt, kan inte stängas av", "en": "built in, cannot be switched off"},
    False,
)


def threats(settings: Settings, known: Known, language: Language) -> list[Threat]:
    """All twenty, in order."""
    found = []
    for number, (swedish, english, look) in enumerate(_THREATS, 1):
        title, measure = swedish if language == "sv" else english
        here, is_open = look(settings, known) if look is not None else BUILT_IN
        found.append(Threat(number=number, title=title, measure=measure, here=here[language], open=is_open))
    return found


def _web(settings: Settings, known: Known) -> Here:
    del known
    if not settings.web.listen:
        return {"sv": "webbdelen är inte i bruk", "en": "the web part is not in use"}, False
    host = settings.web.listen.rpartition(":")[0]
    told = {"sv": f"lyssnar på {settings.web.listen}", "en": f"listens on {settings.web.listen}"}
    return told, host not in LOOPBACK


def _breaker(settings: Settings, known: Known) -> Here:
    del known
    said = settings.breaker
    return {
        "sv": f"stannar vid {said.subscribes} prenumerationer på ett dygn ({said.share:.0%} av registret)",
        "en": f"stops at {said.subscribes} subscriptions a day ({said.share:.0%} of the register)",
    }, said.subscribes > 20


def _erasures(settings: Settings, known: Known) -> Here:
    limit = settings.breaker.erasures
    return {
        "sv": f"stannar vid {limit} raderingar på ett dygn; {known.deciders} kan besluta (två behövs)",
        "en": f"stops at {limit} erasures a day; {known.deciders} may decide (two are needed)",
    }, known.deciders < 2


def _first_push(settings: Settings, known: Known) -> Here:
    del settings
    done = known.first_push_confirmed
    return {
        "sv": "första skrivningen är bekräftad av en människa" if done else "ingenting skrivs än",
        "en": "a person has confirmed the first write" if done else "nothing is written yet",
    }, False


def _portal(settings: Settings, known: Known) -> Here:
    del known
    told = ", ".join(f"{portal.name} = {portal.portal_id}" for portal in settings.portals)
    return {"sv": f"fastnålad: {told}", "en": f"pinned: {told}"}, False


def _host(settings: Settings, known: Known) -> Here:
    del known
    hosts = sorted({portal.api for portal in settings.portals})
    strange = any(not host.startswith("https://") for host in hosts)
    return {"sv": ", ".join(hosts), "en": ", ".join(hosts)}, strange


def _files(settings: Settings, known: Known) -> Here:
    del settings
    return {
        "sv": f"{known.open_files} filer kan läsas av andra på datorn",
        "en": f"{known.open_files} files can be read by others on the machine",
    }, known.open_files > 0


def _log(settings: Settings, known: Known) -> Here:
    del settings
    return {
        "sv": f"{known.checkpoints} signerade kontrollpunkter",
        "en": f"{known.checkpoints} signed checkpoints",
    }, known.checkpoints == 0


def _opt_in(settings: Settings, known: Known) -> Here:
    del known
    lacking = [p.key for p in settings.purposes if p.marketing and not p.double_opt_in]
    if not lacking:
        return {"sv": "dubbel bekräftelse för alla", "en": "double opt-in for all"}, False
    told = ", ".join(lacking)
    return {"sv": f"utan dubbel bekräftelse: {told}", "en": f"without double opt-in: {told}"}, True


def _mail(settings: Settings, known: Known) -> Here:
    del known
    to = len(settings.report.to)
    return {
        "sv": f"avvikelser går till {to} mottagare varje natt",
        "en": f"discrepancies go to {to} recipients every night",
    }, not to


Look = Callable[[Settings, Known], Here]
_THREATS: Final[tuple[tuple[tuple[str, str], tuple[str, str], Look | None], ...]] = (
    (("Förfalskad webhook", "HMAC på kroppen, konstant tid; bara en antydan, läses om före åtgärd"),
     ("Forged webhook", "HMAC on the body, constant time; a hint only, read again before acting"), _web),
    (("Upprepning eller omkastad ordning", "Fem minuters fönster, samma källa räknas en gång, formel"),
     ("Replay or reordering", "Five-minute window, one source counts once, a formula over the set"), None),
    (("Nej mellan vår läsning och vår skrivning", "Läs före, snubbeltråd på svaret, kompenserande nej"),
     ("A no between our read and our write", "Read first, tripwire on the answer, compensating no"), None),
    (("Ekon och system som skriver över varandra",
      "Utkorgen känner igen sina egna skrivningar; efter tre om dygnet frågas en människa"),
     ("Echoes and systems that overwrite each other",
      "The outbox knows its own writes; after three a day for a person and purpose somebody is asked"),
     None),
    (("Massprenumeration genom fel", "Spärr för ja, brytare, torrkörning, första körningen läser bara"),
     ("Mass resubscription by mistake", "Gate for yeses, breaker, dry run, first run reads only"), _breaker),
    (("Massradering", "Hård brytare, 24 timmars väntan, två beslutsfattare, begränsning först"),
     ("Mass erasure", "Hard breaker, 24 hours' hold, two deciders, restrict first"), _erasures),
    (("Brytaren stoppar återkallelser", "Personens nej räknas aldrig och går före i kön"),
     ("The breaker holds withdrawals", "A person's no is never counted and goes first"), None),
    (("Halv sats räknas som lyckad", "Varje svar granskas; obekräftat är väntande och larmas"),
     ("Half a batch counts as success", "Each item is looked at; unconfirmed is pending"), _mail),
    (("Fel portal eller nyckel", "Portalens nummer är fastnålat och prövas vid varje körning"),
     ("Wrong portal or key", "The portal's number is pinned and checked at each run"), _portal),
    (("Nyckeln skickas till fel värd", "Lista över tillåtna värdar, inga omdirigeringar"),
     ("The key is sent to the wrong host", "Allow-list of hosts, no redirects"), _host),
    (("Nyckel eller personuppgift i loggar", "Filter, inga anrop skrivs ut; filer bara för ägaren"),
     ("Key or personal data in logs", "Filter, no request is printed, tests; files with mode 0600"), _files),
    (("Formler i exporterade ark", "Celler som kan vara formler märks och citeras"),
     ("Formulas in exported sheets", "Cells that could be formulas are marked and quoted"), None),
    (("Robotar som klickar på länkar", "Bara POST ändrar något, inget skickas av sig självt"),
     ("Robots that click links", "Only POST changes anything, nothing submits itself"), _web),
    (("Gissning av adresser på sidorna", "Samma svar och tid för känd, okänd och raderad; gräns; 128 bitar"),
     ("Guessing addresses at the pages", "Same answer and time for known, unknown, erased; limit; 128 bits"),
     _web),
    (("Någon anmäls av en annan", "Dubbel bekräftelse, ett bekräftelsebrev per dygn"),
     ("Somebody is signed up by another", "Double opt-in, one confirmation letter a day"), _opt_in),
    (("En insider ändrar historien", "Kedja, yttre kontrollpunkter, databasen vägrar ändra poster"),
     ("An insider edits history", "Chain, outside checkpoints, the database refuses changes"), _log),
    (("Säkerhetskopia återuppväcker raderade", "Journal och spärrlista spelas upp, allt läses om"),
     ("A backup brings erased people back", "Journal and suppression replayed, all read again"),
     _first_push),
    (("Klockan hoppar", "Tider går aldrig bakåt, gräns för skillnad mot HubSpot, doctor prövar"),
     ("The clock jumps", "Times never go back, limit against HubSpot's clock, doctor checks"), None),
    (("Adresser som ser lika ut", "Normaliseras, originalet bevaras, inget ungefärligt ja"),
     ("Look-alike addresses", "Normalised, the original is kept, no fuzzy yes"), None),
    (("Fientlig importfil", "Gränser för storlek och rader, karantän med radnummer, allt eller inget"),
     ("Hostile import file", "Limits of size and rows, quarantine with row numbers, all or nothing"), None),
)  # fmt: skip
