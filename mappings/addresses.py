"""E-mail addresses as keys: one spelling per mailbox, and never a guess that two mailboxes are one.

The rule (design 2): trim; the local part is lower-cased and nothing else, so that no dot, plus-tag or
look-alike ever joins two people; the domain is NFKC and UTS 46, non-transitional, as A-label, because a
domain's spellings do lead to one server (the standard library's IDNA turns straße.de into strasse.de).
The original spelling is kept beside the result by whoever stores it.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import idna

LOCAL_LIMIT: Final = 64  # octets, RFC 5321 4.5.3.1.1
ADDRESS_LIMIT: Final = 254  # octets, RFC 5321 4.5.3.1.3 less the angle brackets
DOMAIN_LIMIT: Final = 253  # characters of a DNS name without its root dot
DOMAINS_KEPT: Final = 65_536  # domains whose normal form is remembered: a portal has far fewer

#: Letters that e-mail needs no quotes for (RFC 5322 atext and the dot); consecutive dots exist in the wild.
PLAIN_LOCAL: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+")
QUOTED_LOCAL: Final = re.compile(r'"(?:[^"\\]|\\.)+"')
LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
#: Blanks and invisible marks that spreadsheets and web pages leave around an address.
AROUND: Final = (
    " \t\r\n\f\v\u0085\u00a0\u00ad\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
JOINERS: Final = frozenset("\u200c\u200d")  # legitimate inside some IDN labels; UTS 46 checks their place
UNQUOTED: Final = frozenset('()<>[]:;@\\,"')  # a display name, a list, a comment, a link
HIDDEN: Final = "•••"

ROLE_NAMES: Final = """
abuse accounts admin administration ap ar biljett billing bokning booking butik career careers contact
dataskydd dpo ekonomi faktura fakturor finance forsaljning försäljning hej hello help helpdesk hostmaster
hr info information invoice jobb jobs kansli karriar karriär kontakt kontor kundservice kundtjanst
kundtjänst kursadmin leverantor leverantör lon lön mail marketing marknad media newsletter no-reply
noreply nyhetsbrev office order ordrar personal post postmaster press privacy reception registrator retur
sales security service shop sos styrelse styrelsen support team vaxel vd växel webmaster webshop
"""
ROLES: Final = frozenset(ROLE_NAMES.split())


class NotAnAddress(ValueError):
    """The text is not one e-mail address. The message never holds the text."""


def normalise(text: str) -> str:
    """The one spelling under which an address is looked up, suppressed and joined.

    Raises NotAnAddress for anything that is not one bare address: lists, display names, missing parts,
    control characters, more than 64 octets before the @ or 254 in all.
    """
    local, at, domain = text.strip(AROUND).lower().rpartition("@")
    if not (at and local and domain):
        raise NotAnAddress("an address has something before and after an @")
    if not PLAIN_LOCAL.fullmatch(local):
        local = _unusual_local(local)
    address = f"{local}@{_domain(domain)}"
    if len(address) > LOCAL_LIMIT or not local.isascii():  # most are shorter: no need to count octets
        _check_lengths(local, address)
    return address


def _unusual_local(local: str) -> str:
    """International or quoted: canonical equivalents are one spelling (NFC), compatibility ones are not."""
    local = unicodedata.normalize("NFC", local)
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for letter in local):
        raise NotAnAddress("an address holds no control or invisible characters")
    if QUOTED_LOCAL.fullmatch(local):
        return local
    if any(letter in UNQUOTED or letter.isspace() for letter in local):
        raise NotAnAddress("one bare address is needed, without name, brackets, list or link")
    return local


def _check_lengths(local: str, address: str) -> None:
    if len(local.encode()) > LOCAL_LIMIT:
        raise NotAnAddress(f"an address has at most {LOCAL_LIMIT} octets before the @")
    if len(address.encode()) > ADDRESS_LIMIT:
        raise NotAnAddress(f"an address has at most {ADDRESS_LIMIT} octets")


@lru_cache(maxsize=DOMAINS_KEPT)
def _domain(domain: str) -> str:
    """The A-label form. ASCII names go by the rule for host names: some live ones are no valid IDNA."""
    name = domain if domain.isascii() and "xn--" not in domain else _a_labels(domain)
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(labels) < 2 or len(name) > DOMAIN_LIMIT or labels[-1].isdigit():
        raise NotAnAddress("the part after the @ is not a domain name")
    if not all(LABEL.fullmatch(label) for label in labels):
        raise NotAnAddress("the part after the @ is not a domain name")
    return name


def _a_labels(domain: str) -> str:
    if any(unicodedata.category(letter) in {"Cc", "Cf"} and letter not in JOINERS for letter in domain):
        raise NotAnAddress("an address holds no control or invisible characters")
    try:
        name = idna.encode(unicodedata.normalize("NFKC", domain), uts46=True, std3_rules=True)
    except UnicodeError:  # IDNAError among them; its text would quote the domain
        raise NotAnAddress("the part after the @ is not a valid international domain name") from None
    return name.decode("ascii")


def mask(address: str) -> str:
    """What may be shown where the person is not named: `a•••@e•••.se` (consent-domain 8)."""
    local, at, domain = address.strip().rpartition("@")
    if not (at and local and domain):
        return HIDDEN
    name, dot, ending = domain.rpartition(".")
    return f"{local[0]}{HIDDEN}@{name[:1]}{HIDDEN}{dot}{ending}" if dot else f"{local[0]}{HIDDEN}@{HIDDEN}"


def is_role(address: str) -> bool:
    """A box that belongs to a function (info@, kontakt@): flagged, never exempted (consent-domain 2, T2)."""
    local = address.rpartition("@")[0].strip().lower()
    return local.partition("+")[0] in ROLES
