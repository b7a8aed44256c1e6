"""The words of the access register in both languages."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "sv": {
        "title": "Vem och vad kommer åt registret?",
        "intro": "Bara den som kan motivera det ska ha åtkomst. Varje rad har ett motiv och en dag då någon "
        "prövar "
        "det på nytt; båda anges av en människa med kommandot access justify.",
        "controller": "Personuppgiftsansvarig",
        "portal": "HubSpot-portal",
        "at": "Framställt",
        "first": "Det här behöver någon se på",
        "unjustified": "{count} åtkomster saknar motiv, ska prövas på nytt eller är öppna för andra på "
        "datorn.",
        "dormant": "{count} användare har inte loggat in på länge.",
        "fine": "Alla åtkomster är motiverade och använda.",
        "users_hidden": "HubSpots användare visas inte för den här nyckeln (behörigheten "
        "settings.users.read).",
        "logins_hidden": "Inloggningar visas inte av det här abonnemanget eller den här nyckeln.",
        "audit_hidden": "Granskningsloggen visas inte av det här abonnemanget: nycklar, appar, läsningar och "
        "exporter är inte kända.",
        "hubspot_user": "Människor i HubSpot",
        "key": "Nycklar",
        "app": "Appar",
        "user": "Användare av spegeln",
        "file": "Filer med personuppgifter och nycklar",
        "who": "Vem eller vad",
        "role": "Roll",
        "login": "Senaste inloggning",
        "motive": "Motiv",
        "review": "Ny prövning",
        "remark": "Att se på",
        "owner": "Ägare",
        "mode": "Rättigheter",
        "admin": "superadministratör",
        "no_motive": "motiv saknas",
        "review_due": "ska prövas nu",
        "dormant_one": "vilande",
        "open_file": "kan läsas av andra",
        "activity": "Läsningar och exporter i HubSpot, 30 dagar",
        "type": "Händelse",
        "by": "Användare",
        "times": "Gånger",
        "last": "Senast",
        "none": "Inget i granskningsloggen.",
    },
    "en": {
        "title": "Who and what can reach the register?",
        "intro": "Only those who can be justified have access. Each row has a motive and a day on which "
        "somebody looks "
        "at it again; a person sets both with the command access justify.",
        "controller": "Controller",
        "portal": "HubSpot portal",
        "at": "Made",
        "first": "Somebody needs to look at this",
        "unjustified": "{count} accesses lack a motive, are due for another look or are open to others on "
        "the "
        "machine.",
        "dormant": "{count} users have not signed in for long.",
        "fine": "Every access is justified and used.",
        "users_hidden": "HubSpot's users are not shown to this key (scope settings.users.read).",
        "logins_hidden": "Sign-ins are not shown by this plan or key.",
        "audit_hidden": "The audit log is not shown by this plan: keys, apps, reads and exports are not "
        "known.",
        "hubspot_user": "People in HubSpot",
        "key": "Keys",
        "app": "Apps",
        "user": "Users of the mirror",
        "file": "Files with personal data and keys",
        "who": "Who or what",
        "role": "Role",
        "login": "Last sign-in",
        "motive": "Motive",
        "review": "Next look",
        "remark": "To look at",
        "owner": "Owner",
        "mode": "Mode",
        "admin": "super admin",
        "no_motive": "no motive",
        "review_due": "to be looked at now",
        "dormant_one": "dormant",
        "open_file": "others can read it",
        "activity": "Reads and exports in HubSpot, 30 days",
        "type": "Event",
        "by": "User",
        "times": "Times",
        "last": "Last",
        "none": "Nothing in the audit log.",
    },
}
