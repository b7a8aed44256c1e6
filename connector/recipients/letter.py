"""The same message as a mail, for a recipient without a webhook: the server's acceptance confirms it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from connector.clock import Clock
from connector.errors import ConfigurationError
from connector.report.smtp import MailServer, send

SUBJECT: Final = "Consent Mirror: personuppgifter / personal data"
TEXT: Final = """Detta meddelande kommer från personuppgiftsansvarig enligt art. 17.2 och 19 i
dataskyddsförordningen. Gör samma ändring i era system. Bilagan (JSON) säger vilken och för vilken adress.

This message comes from the controller under Art. 17(2) and 19 GDPR.
Make the same change in your systems. The attachment (JSON) says which one and for which address.
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom. `server` is asked for at each message and is None where no mail is configured."""

    name: str
    address: str
    sender: str
    server: Callable[[], MailServer | None]
    clock: Clock

    def tell(self, number: str, body: bytes) -> None:
        """Hand one message to the mail server. Raises as `smtp.send` does."""
        server = self.server()
        if server is None:
            raise ConfigurationError(
                f"The recipient {self.name} is told by mail, and no mail server is configured.",
                where="report.smtp_host",
                next_step="Configure [report], or give the recipient a webhook.",
            )
        send(self.message(number, body), server, self.clock)

    def message(self, number: str, body: bytes) -> EmailMessage:
        """The mail; its Message-ID is the same for every try."""
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = self.sender, self.address, SUBJECT
        made["Date"] = format_datetime(datetime.fromtimestamp(self.clock.now() // 1000, UTC))
        made["Message-ID"] = f"<recipient.{number}@{self.sender.rpartition('@')[2] or 'localhost'}>"
        made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        made.set_content(TEXT)
        made.add_attachment(body, maintype="application", subtype="json", filename=f"{number}.json")
        return made
