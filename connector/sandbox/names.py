"""Names, firms and reserved domains that the made-up people are built from.

Every domain ends in a name that RFC 2606 and RFC 6761 reserve: no mail can ever reach anybody.
"""

#: (as written, as it stands in an address)
FIRST_NAMES = (
    ("Anna", "anna"), ("Maria", "maria"), ("Åsa", "asa"), ("Elin", "elin"), ("Märta", "marta"),
    ("Ingrid", "ingrid"), ("Sara", "sara"), ("Linnéa", "linnea"), ("Frida", "frida"), ("Ebba", "ebba"),
    ("Lars", "lars"), ("Göran", "goran"), ("Björn", "bjorn"), ("Håkan", "hakan"), ("Erik", "erik"),
    ("Nils", "nils"), ("Olle", "olle"), ("Jörgen", "jorgen"), ("Per-Åke", "per-ake"), ("Mats", "mats"),
    ("Jürgen", "juergen"), ("Käthe", "kaethe"), ("Zoë", "zoe"), ("François", "francois"), ("Chloé", "chloe"),
    ("José", "jose"), ("Núria", "nuria"), ("João", "joao"), ("Łukasz", "lukasz"), ("Żaneta", "zaneta"),
    ("Søren", "soren"), ("Bjørg", "bjorg"), ("Päivi", "paivi"), ("Jiří", "jiri"), ("Željko", "zeljko"),
    ("Ștefan", "stefan"), ("Zsófia", "zsofia"), ("Seán", "sean"), ("Eleni", "eleni"), ("Davide", "davide"),
)  # fmt: skip
LAST_NAMES = (
    ("Andersson", "andersson"), ("Johansson", "johansson"), ("Nilsson", "nilsson"), ("Åkesson", "akesson"),
    ("Öberg", "oberg"), ("Sjöström", "sjostrom"), ("Lindqvist", "lindqvist"), ("Hägglund", "hagglund"),
    ("Bergström", "bergstrom"), ("Söderberg", "soderberg"), ("Wikström", "wikstrom"), ("Ek", "ek"),
    ("af Klint", "afklint"), ("von Essen", "vonessen"), ("Müller", "mueller"), ("Schröder", "schroeder"),
    ("Strauß", "strauss"), ("Lefèvre", "lefevre"), ("D'Angelo", "dangelo"), ("O'Brien", "obrien"),
    ("García", "garcia"), ("Muñoz", "munoz"), ("Gonçalves", "goncalves"), ("Wiśniewski", "wisniewski"),
    ("Kołodziej", "kolodziej"), ("Novák", "novak"), ("Dvořáková", "dvorakova"), ("Kovačević", "kovacevic"),
    ("Ionescu", "ionescu"), ("Szabó", "szabo"), ("Jørgensen", "jorgensen"), ("Hämäläinen", "hamalainen"),
    ("Virtanen", "virtanen"), ("van den Berg", "vandenberg"), ("Papadopoulos", "papadopoulos"),
    ("Rossi", "rossi"),
)  # fmt: skip
DOMAINS = (
    "example.com", "example.org", "example.net", "posten.example", "mail.example", "brev.example",
    "telia.example", "gratis.example", "arbete.example", "kommun.example", "skola.example", "web.example",
)  # fmt: skip
#: As people write them; the A-label of each is another spelling of the same domain.
IDN_DOMAINS = (
    "bücher.example",
    "räksmörgås.example",
    "straße.example",
    "žluťoučký.example",
    "ålesund.example",
)
FIRMS = ("bygg", "redovisning", "bageri", "transport", "maskin", "konsult", "verkstad", "handel")
BOXES = ("info", "kontakt", "office", "faktura", "order")
PLUS_TAGS = ("nyheter", "hubspot", "news", "kampanj2025", "shop")
LANGUAGES = ("sv", "en", "de", "fi", "da", "nb")
CITIES = ("Stockholm", "Göteborg", "Malmö", "Umeå", "København", "Köln", "Kraków", "Lyon", "Porto", "Tampere")
