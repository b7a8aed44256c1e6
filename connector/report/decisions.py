"""Each safe default with its value, motive, risk and article: `doctor --explain` (Art. 24, 25, 32). Pure.

Settings that nobody can switch off stand here too: an assessor asks for them as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.report.words import Language
from connector.settings import PortalSettings, PurposeSettings, Settings

ALWAYS: Final = {"sv": "alltid", "en": "always"}
DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision that the configuration makes. `safe`: it is the default or stricter."""

    setting: str
    value: str
    safe: bool
    motive: str
    risk: str
    article: str

    def document(self) -> dict[str, Any]:
        """One entry of `doctor --explain --json`."""
        return {
            "setting": self.setting,
            "value": self.value,
            "safe": self.safe,
            "motive": self.motive,
            "risk": self.risk,
            "article": self.article,
        }


Value = Callable[[Settings], str]
Safe = Callable[[Settings], bool]
#: setting, value, is it as safe as the default?, article, (motive, risk) in Swedish, the same in English
Row = tuple[str, Value | None, Safe | None, str, tuple[str, str], tuple[str, str]]


def decisions(settings: Settings, language: Language) -> list[Decision]:
    """Every decision, with this installation's values."""
    return [_decision(row, settings, language) for row in _ROWS]


def _decision(row: Row, settings: Settings, language: Language) -> Decision:
    setting, value, safe, article, swedish, english = row
    motive, risk = swedish if language == "sv" else english
    return Decision(
        setting=setting,
        value=ALWAYS[language] if value is None else value(settings),
        safe=safe is None or safe(settings),
        motive=motive,
        risk=risk,
        article=article,
    )


def duration(seconds: int) -> str:
    """As the configuration writes it."""
    for unit, size in (("d", DAY), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _each(items: Sequence[Any], told: Callable[[Any], str]) -> str:
    return ", ".join(told(item) for item in items) or "–"


def _marketing(settings: Settings) -> list[PurposeSettings]:
    return [purpose for purpose in settings.purposes if purpose.marketing]


def _erase_again(portal: PortalSettings) -> str:
    return f"{portal.name}: {str(portal.erase_again).lower()}"


_ROWS: Final[tuple[Row, ...]] = (
    (
        "purposes.basis",
        lambda s: _each(s.purposes, lambda p: f"{p.key}: {p.basis}"),
        None,
        "6(1), ePrivacy 13, MFL 19 §",
        ("Ett marknadsändamål vilar på samtycke eller befintlig kundrelation, aldrig på intresseavvägning.",
         "Utskick utan laglig grund."),
        ("A marketing purpose rests on consent or a customer relation, never on a balance of interests.",
         "Mailing without a lawful basis."),
    ),
    (
        "purposes.retain",
        lambda s: _each(s.purposes, lambda p: f"{p.key}: {p.retain}"),
        lambda s: all(p.retain != "until withdrawn" for p in s.purposes),
        "5(1)(e)",
        ("Varje ändamål har en gallringsregel; utan slutdatum sparas uppgifter tills någon säger nej.",
         "Uppgifter sparas längre än det finns skäl till."),
        ("Each purpose has a retention rule; without an end data are kept until somebody says no.",
         "Data are kept longer than there is a reason."),
    ),
    (
        "purposes.double_opt_in",
        lambda s: _each(_marketing(s), lambda p: f"{p.key}: {str(p.double_opt_in).lower()}"),
        lambda s: all(p.double_opt_in for p in _marketing(s)),
        "7(1)",
        ("Med dubbel bekräftelse har den som äger adressen själv sagt ja. Det är inget krav i Sverige.",
         "Någon annan anmäler en adress som inte är deras."),
        ("With double opt-in whoever holds the address has said yes. It is no duty in Sweden.",
         "Somebody signs up an address that is not theirs."),
    ),
    (
        "purposes.push_soft_optin",
        lambda s: _each(_marketing(s), lambda p: f"{p.key}: {str(p.push_soft_optin).lower()}"),
        lambda s: not any(p.push_soft_optin for p in s.purposes),
        "ePrivacy 13(2)",
        ("En kundrelation skrivs till HubSpot bara när köp och avböjandetext är dokumenterade.",
         "HubSpot skickar till kunder som aldrig fick avböja."),
        ("A customer relation is written to HubSpot only where sale and opt-out wording are on record.",
         "HubSpot mails customers who were never offered to decline."),
    ),
    (
        "first push", None, None, "24, 25",
        ("Första gången skrivs ingenting förrän en människa har sett en torrkörning och sagt ja.",
         "En felaktig konfiguration ändrar hela registret."),
        ("The first time nothing is written before a person has seen a dry run and said yes.",
         "A wrong configuration changes the whole register."),
    ),
    (
        "a no", None, None, "7(3), 21(3)",
        ("Ett nej väntar aldrig: ingen kö, gräns eller brytare håller det.",
         "Någon får utskick efter att ha sagt nej."),
        ("A no never waits: no queue, limit or breaker holds it.", "Somebody is mailed after a no."),
    ),
    (
        "breaker.erasures",
        lambda s: str(s.breaker.erasures),
        lambda s: s.breaker.erasures <= 3,
        "5(1)(f), 32",
        ("Fler raderingar än så på ett dygn stannar tills en människa har tittat.",
         "Ett fel eller ett intrång raderar registret."),
        ("More erasures than this in a day stop until a person has looked.",
         "A mistake or an intrusion erases the register."),
    ),
    (
        "breaker.subscribes",
        lambda s: str(s.breaker.subscribes),
        lambda s: s.breaker.subscribes <= 20,
        "5(1)(d), 25",
        ("Fler prenumerationer än så på ett dygn stannar tills en människa har tittat.",
         "En felaktig mappning prenumererar många på nytt."),
        ("More subscriptions than this in a day stop until a person has looked.",
         "A bad mapping resubscribes many."),
    ),
    (
        "breaker.vanished",
        lambda s: f"{s.breaker.vanished:g}",
        lambda s: s.breaker.vanished <= 0.05,
        "5(1)(d)",
        ("Försvinner så stor andel svar i en läsning tros den inte.",
         "En trasig läsning tolkas som att alla har tystnat."),
        ("Where this share of answers vanishes in one read it is not believed.",
         "A broken read passes for everybody's silence."),
    ),
    (
        "breaker.share",
        lambda s: f"{s.breaker.share:g}",
        lambda s: s.breaker.share <= 0.01,
        "32",
        ("Gränserna följer registrets storlek, men aldrig över denna andel.",
         "Ett stort register tål för mycket på en gång."),
        ("The limits follow the register's size, but never beyond this share.",
         "A large register lets too much pass at once."),
    ),
    (
        "portals.portal_id",
        lambda s: _each(s.portals, lambda p: f"{p.name}: {p.portal_id}"),
        None,
        "32",
        ("Portalen är fastnålad: en nyckel till en annan portal vägras.",
         "Testdata skrivs över riktiga personers val."),
        ("The portal is pinned: another portal's key is refused.",
         "Test data overwrite real people's choices."),
    ),
    (
        "portals.erase_again",
        lambda s: _each(s.portals, _erase_again),
        None,
        "17, C-129/21",
        ("En raderad person som dyker upp igen avregistreras alltid; med true raderas hon också i HubSpot.",
         "En raderad person återskapas av ett annat system."),
        ("An erased person who reappears is always unsubscribed; with true, erased in HubSpot as well.",
         "An erased person is made anew by another system."),
    ),
    (
        "portals.token",
        lambda s: _each(s.portals, lambda p: f"{p.name}: {'env' if p.token_env else 'file'}"),
        None,
        "32",
        ("Hemligheter står aldrig i filen; de läses ur miljön eller en fil som bara ägaren läser.",
         "En nyckel läcker med en kopia av konfigurationen."),
        ("Secrets are never in the file; they come from the environment or a file that only its owner reads.",
         "A key leaks with a copy of the configuration."),
    ),
    (
        "mirror encryption", None, None, "32(1)(a)",
        ("Adresser och detaljer är krypterade med en nyckel per person; nycklarna ligger utanför databasen.",
         "En stulen databas visar vilka personerna är."),
        ("Addresses and details are encrypted under a key per person; the keys lie outside the database.",
         "A stolen database shows who the people are."),
    ),
    (
        "schedule.checkpoint",
        lambda s: duration(s.schedule.checkpoint),
        lambda s: s.schedule.checkpoint <= DAY,
        "5(2), 7(1)",
        ("Loggens rot signeras så ofta; det som har signerats kan inte ändras obemärkt.",
         "Någon ändrar historien i efterhand."),
        ("The log's root is signed this often; what was signed cannot be changed unnoticed.",
         "Somebody edits history afterwards."),
    ),
    (
        "schedule.sweep",
        lambda s: s.schedule.sweep,
        None,
        "5(1)(d)",
        ("Hela registret läses varje natt; sökning och webhooks är bara antydningar.",
         "En ändring i HubSpot märks aldrig."),
        ("The whole register is read every night; search and webhooks are hints only.",
         "A change in HubSpot is never noticed."),
    ),
    (
        "schedule.watch",
        lambda s: s.schedule.watch,
        None,
        "5(1)(b), 32",
        ("Varje natt läses vem som kommer åt registret och vad som skickades.",
         "Obehörig åtkomst och utskick utan samtycke märks inte."),
        ("Every night it is read who can reach the register and what was mailed.",
         "Access without a reason and mail without consent go unnoticed."),
    ),
    (
        "report.to",
        lambda s: str(len(s.report.to)),
        lambda s: bool(s.report.to and s.report.smtp_host and s.report.from_),
        "24, 33",
        ("Avvikelserna går till en människa varje natt.", "Ingen ser en avvikelse i tid."),
        ("The discrepancies go to a person every night.", "Nobody sees a discrepancy in time."),
    ),
    (
        "report.smtp_security",
        lambda s: s.report.smtp_security,
        lambda s: s.report.smtp_security != "none",
        "32",
        ("Posten går krypterad; adresser i den är maskerade.", "Rapporten läses på vägen."),
        ("The mail travels encrypted; addresses in it are masked.", "The report is read on its way."),
    ),
    (
        "access.dormant",
        lambda s: duration(s.access.dormant),
        lambda s: s.access.dormant <= 90 * DAY,
        "5(1)(f), 32",
        ("Den som inte har loggat in på så länge visas i rapporten.", "Gamla konton ger åtkomst utan skäl."),
        ("Who has not signed in for so long is shown in the report.",
         "Old accounts give access without reason."),
    ),
    (
        "access.review",
        lambda s: duration(s.access.review),
        lambda s: s.access.review <= 366 * DAY,
        "24, 32",
        ("Ett motiv gäller inte för evigt.", "Åtkomst blir kvar när skälet är borta."),
        ("A motive does not hold for ever.", "Access stays when its reason is gone."),
    ),
    (
        "exports.keep",
        lambda s: duration(s.exports.keep),
        lambda s: s.exports.keep <= 30 * DAY,
        "5(1)(e), (f)",
        ("Varje fil med personuppgifter har en dag då den ska vara borta.",
         "Kopior av registret lever vidare i mappar och ark."),
        ("Each file with personal data has a day on which it has to be gone.",
         "Copies of the register live on in folders and sheets."),
    ),
    (
        "web.listen",
        lambda s: s.web.listen or "–",
        lambda s: not s.web.listen or s.web.listen.startswith(("127.", "localhost", "[::1]")),
        "32",
        ("Webbdelen lyssnar bara på den egna datorn; en omvänd proxy med TLS står framför.",
         "Sidorna nås okrypterat utifrån."),
        ("The web part listens on this machine only; a reverse proxy with TLS stands before it.",
         "The pages are reached in clear from outside."),
    ),
    (
        "logs", None, None, "5(1)(c), 32",
        ("Ingen adress och ingen nyckel skrivs i en logg.", "Loggar blir ett register till."),
        ("No address and no key is written to a log.", "Logs become another register."),
    ),
    (
        "looks", None, None, "5(2), 15",
        ("Varje läsning av en person är en post i loggen.", "Ingen kan säga vem som tittade."),
        ("Every read of a person is an entry in the log.", "Nobody can say who looked."),
    ),
)  # fmt: skip
