"""A letter to a person as subject, text and HTML, from one template: neither can say what the other does not.

A template is plain text: the subject on its first line, then blocks parted by blank lines; `# ` begins a
heading, `- ` an item, and an address of the web alone is shown as what to press. Facts never become mark-up.
Pure: times come in as milliseconds UTC and are written in the controller's zone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from typing import Final, cast
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from connector.consent.letters import LetterKind
from connector.report.languages import WORDS
from connector.report.mail import MAIL_POLICY, UTF_8, address, host_of
from connector.report.words import LANGUAGES, Language

#: What each kind needs to be told, beside `controller` and `contact`. Times are ms UTC.
FACTS: Final[Mapping[LetterKind, frozenset[str]]] = {
    LetterKind.NOTICE: frozenset({"notice", "source", "collected"}),
    LetterKind.RECEIPT: frozenset({"items"}),
    LetterKind.WITHDRAWN: frozenset({"purposes", "at"}),  # no purposes: from all marketing
    LetterKind.DOI: frozenset({"purpose", "at", "link", "until"}),
    LetterKind.LINKS: frozenset({"link", "until"}),
    LetterKind.REQUEST_RECEIVED: frozenset({"right", "received", "due"}),
    LetterKind.REQUEST_EXTENDED: frozenset({"right", "received", "due", "reason"}),
    LetterKind.REQUEST_ANSWERED: frozenset({"right", "received", "answer"}),
    LetterKind.ERASURE_DONE: frozenset({"at", "suppressed", "purging"}),
}
#: What a person's rights are called in a sentence (consent-domain 11); facts name them by the key.
RIGHTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "access": {"sv": "registerutdrag", "en": "a copy of your data"},
    "rectification": {"sv": "rättelse", "en": "rectification"},
    "erasure": {"sv": "radering", "en": "erasure"},
    "restriction": {"sv": "begränsning", "en": "restriction"},
    "portability": {"sv": "dataportabilitet", "en": "data portability"},
    "objection": {"sv": "att vi slutar med direktmarknadsföring", "en": "an end to direct marketing"},
}
FOOT: Final = "\n--\n"  # what stands below it is the same in every letter
URL: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]]")


@dataclass(frozen=True, slots=True)
class Written:
    """A letter, ready to be sealed. `template`: the bytes it was made from, without anybody's data."""

    language: Language
    subject: str
    text: str
    html: str
    template: bytes


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    media: str  # such as application/pdf
    data: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list, a heading or a link to press."""

    kind: str
    lines: tuple[str, ...]


def language_of(wanted: str | None, usual: str) -> Language:
    """One that letters are written in: the person's, else the controller's usual one, else Swedish."""
    return cast("Language", next((each for each in (wanted, usual) if each in LANGUAGES), "sv"))


def write(
    kind: LetterKind,
    language: Language,
    facts: Mapping[str, object],
    *,
    controller: str,
    contact: str,
    zone: ZoneInfo,
) -> Written:
    """One letter. Raises ValueError where a fact is missing or one is told that the kind has no use for."""
    if set(facts) != FACTS[kind]:
        raise ValueError(f"a letter of kind {kind} is told {sorted(FACTS[kind])}, not {sorted(facts)}")
    told = dict(facts) | {"controller": controller, "contact": contact}
    if isinstance(right := told.get("right"), str):
        told["right"] = RIGHTS[right][language] if right in RIGHTS else right
    names = (f"letters/{kind}.{language}.txt.j2", f"letters/foot.{language}.txt.j2")
    environment = _environment(language, zone.key)
    whole = "".join(environment.get_template(name).render(told) for name in names)
    subject, _, rest = whole.partition("\n")
    body, _, foot = rest.rpartition(FOOT)
    blocks = list(blocks_of(body))
    html = environment.get_template("letters/letter.html.j2").render(
        language=language, subject=subject, blocks=blocks, foot=foot.strip().splitlines(), linked=linked
    )
    text = "\n\n".join(map(_plain, blocks)) + f"\n{FOOT}{foot.strip()}\n"
    source = "".join(_source(environment, name) for name in (*names, "letters/letter.html.j2"))
    return Written(language, " ".join(subject.split()), text, html, source.encode())


def blocks_of(text: str) -> Iterator[Block]:
    """The blocks of a template's text, also of a notice that a controller wrote the same way."""
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        lines = tuple(line.strip() for line in part.splitlines() if line.strip())
        if not lines:
            continue
        if lines[0].startswith("#"):
            yield Block("heading", (lines[0].lstrip("# "),))
            lines = lines[1:]
        yield from _of_lines(lines)


def _of_lines(lines: tuple[str, ...]) -> Iterator[Block]:
    """Items that follow each other are one list; the lines around them paragraphs."""
    start = 0
    while start < len(lines):
        is_item = lines[start].startswith("- ")
        end = start
        while end < len(lines) and lines[end].startswith("- ") is is_item:
            end += 1
        run = lines[start:end]
        if is_item:
            yield Block("list", tuple(line[2:].strip() for line in run))
        else:
            alone = len(run) == 1 and URL.fullmatch(run[0]) is not None
            yield Block("link" if alone else "paragraph", run)
        start = end


def linked(line: str) -> Markup:
    """A line with its web addresses made links; all else is text."""
    made, place = Markup(), 0  # nosec - pieces are escaped one by one
    for found in URL.finditer(line):
        made += escape(line[place : found.start()])
        made += Markup('<a href="{0}" style="color:#004a75">{0}</a>').format(found[0])
        place = found.end()
    return made + escape(line[place:])


def compose(
    written: Written,
    *,
    sender: str,
    name: str,
    reply_to: str | None,
    recipient: str,
    message: str,
    at: int,
    attachments: tuple[Attachment, ...] = (),
) -> EmailMessage:
    """The whole message: of the same letter the same bytes, however often it is tried.

    `message`: the local part of its Message-ID; `at`: its Date, ms UTC. Raises ConfigurationError where an
    address cannot be read.
    """
    mail = EmailMessage(policy=MAIL_POLICY)
    mail["From"] = address(sender, "report.from", name)
    mail["To"] = address(recipient, "the recipient")
    if reply_to is not None:
        mail["Reply-To"] = address(reply_to, "controller.contact")
    mail["Subject"] = written.subject
    mail["Date"] = format_datetime(datetime.fromtimestamp(at // 1000, UTC))
    mail["Message-ID"] = f"<{message}@{host_of(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail.set_content(written.text)
    mail.add_alternative(written.html, subtype="html")
    for each in attachments:
        main, _, sub = each.media.partition("/")
        params = UTF_8 if main == "text" else {}
        mail.add_attachment(each.data, maintype=main, subtype=sub, filename=each.name, params=params)
    mail["Content-Language"] = written.language
    for number, part in enumerate(each for each in mail.walk() if each.is_multipart()):
        part.set_boundary(f"=_{message}.{number}")
    return mail


def _plain(block: Block) -> str:
    if block.kind == "heading":
        return f"{block.lines[0]}\n{'-' * len(block.lines[0])}"
    return "\n".join(f"- {line}" if block.kind == "list" else line for line in block.lines)


def _source(environment: Environment, name: str) -> str:
    loader = environment.loader
    assert loader is not None  # noqa: S101 - given below
    return loader.get_source(environment, name)[0]


@cache
def _environment(language: Language, zone: str) -> Environment:
    """Text is not escaped, HTML is; a name that a template asks for and nobody gives is an error."""
    environment = Environment(
        loader=PackageLoader("connector.report"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    words, place = WORDS[language], ZoneInfo(zone)

    def day(at: int) -> str:
        local = datetime.fromtimestamp(at / 1000, place)
        return words.date(local.year, local.month, local.day)

    def moment(at: int) -> str:
        local = datetime.fromtimestamp(at / 1000, place)
        joined = {"sv": "kl.", "en": "at"}[language]
        return f"{day(at)} {joined} {local:%H:%M} ({local.tzname()})"

    environment.filters |= {"day": day, "moment": moment}
    return environment
