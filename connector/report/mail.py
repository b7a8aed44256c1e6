"""The nightly mail: text, HTML with its pictures, and the sheet, in one message. Pure: the clock comes in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from connector.errors import ConfigurationError
from connector.report.figures import Report
from connector.report.render import CONTENT_ID, Rendered

NOT_ASCII: Final = re.compile(r"[^\W_\x00-\x7f]")  # letters and digits of other alphabets
UTF_8: Final = {"charset": "utf-8"}
#: Lines of at most 998 octets, CRLF, and 7-bit bodies: any server may carry it (RFC 5321, 4.5.3.1.6).
MAIL_POLICY: Final = policy.SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """From whom to whom. The addresses are the controller's own staff, from the configuration."""

    sender: str
    recipients: tuple[str, ...]


def message_id(report: Report, sender: str) -> str:
    """The same for every try of one portal and day: mail systems see that two copies are one (RE 5)."""
    return f"<report.{report.date}.{report.portal_id}@{host_of(sender)}>"


def compose(report: Report, rendered: Rendered, envelope: Envelope, now: int) -> EmailMessage:
    """The whole message; `now` in milliseconds UTC becomes its Date.

    Raises ConfigurationError where an address of the configuration is no address.
    """
    message = EmailMessage(policy=MAIL_POLICY)
    message["From"] = address(envelope.sender, "report.from")
    message["To"] = [address(each, "report.to") for each in _some(envelope.recipients)]
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(now // 1000, UTC))
    message["Message-ID"] = message_id(report, envelope.sender)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    _add_pictures(message, rendered)
    message.add_attachment(
        rendered.sheet,
        maintype="text",
        subtype="csv",
        filename=rendered.sheet_name,
        params=UTF_8,
    )
    # Last: making parts moves every Content header that exists into the first of them.
    message["Content-Language"] = rendered.language
    return message


def _add_pictures(message: EmailMessage, rendered: Rendered) -> None:
    page = message.get_body(("html",))
    if not isinstance(page, EmailMessage):
        raise TypeError("a message that was given an HTML part has one")
    for chart in rendered.charts:
        page.add_related(
            chart.png,
            maintype="image",
            subtype="png",
            cid=f"<{CONTENT_ID.format(name=chart.name)}>",
            filename=f"{chart.name}.png",
            disposition="inline",
        )


def _some(recipients: Sequence[str]) -> Sequence[str]:
    if not recipients:
        raise ConfigurationError(
            "The report has no recipients.", where="report.to", next_step="Add at least one address."
        )
    return recipients


def address(text: str, key: str, name: str = "") -> Address:
    """One address; a name, a list or a line break is refused: nobody can add a header or a reader.

    A local part in UTF-8 (RFC 6531) is read as one in ASCII of the same shape: the parser itself knows none.
    """
    try:
        plain = Address(display_name=name, addr_spec=NOT_ASCII.sub("x", text))
        if text.isascii() or plain.addr_spec != NOT_ASCII.sub("x", text):
            return Address(display_name=name, addr_spec=text)
        local, _, domain = text.rpartition("@")
        return Address(display_name=name, username=local, domain=domain)
    except (ValueError, IndexError):
        raise ConfigurationError(
            "A mail address cannot be read.",
            where=key,
            next_step="Write each address alone, like dataskydd@exempel.se.",
        ) from None


def host_of(sender: str) -> str:
    """The domain of the sender, for a Message-ID."""
    return address(sender, "report.from").domain or "localhost"
