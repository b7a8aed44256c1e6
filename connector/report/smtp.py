"""Handing a message to a mail server: verified TLS, a hard time limit, an answer to act on (RE 5)."""

import base64
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import Enum, auto
from pathlib import Path
from typing import Final, Literal

from connector.clock import Clock
from connector.errors import ConfigurationError, ConnectorError, MailUnavailable
from connector.report.mail import MAIL_POLICY
from connector.report.outcome import (
    AddressNotCarried,
    LetterPutOff,
    LetterRefused,
    MailAmbiguous,
    MailRefused,
)
from mappings.addresses import mask

Security = Literal["tls", "starttls", "none"]
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: From connecting to the last answer, however slowly a server drips (RE 5: a 2 s timeout let 17 s pass).
DEADLINE_S: Final = 60.0
#: How long one read may take.
READ_S: Final = 30.0
#: How long the sending thread gets to notice that its connection was closed.
GRACE_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where and how mail is handed over. `ca_file`: the operator's own certificate authority."""

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if self.security == "none" and self.host not in LOOPBACK:
            raise ConfigurationError(
                "Mail without TLS is allowed to this machine only.",
                where="report.smtp_security",
                next_step='Use "starttls" or "tls".',
            )
        if self.security == "none" and self.user:
            raise ConfigurationError(
                "A password is never sent without TLS.",
                where="report.smtp_user",
                next_step='Use "starttls" or "tls", or remove smtp_user.',
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The server took the mail for at least one recipient. `refused`: masked address -> reply code."""

    accepted: int
    refused: Mapping[str, int] = field(default_factory=dict)


class Stage(Enum):
    """How far a hand-over came: from DATA on, the server may have the mail whatever we hear."""

    CONNECTING = auto()
    TALKING = auto()
    LETTER = auto()  # the server is content with us; what follows is about this one letter
    DATA = auto()


def send(
    message: EmailMessage, server: MailServer, clock: Clock, *, deadline_s: float = DEADLINE_S
) -> Delivery:
    """Hand over one message within the deadline.

    Raises MailUnavailable where a later try may work (no answer, 4xx, too slow), MailAmbiguous (a
    MailUnavailable) where the connection broke after DATA: the same message, with the same Message-ID, is
    sent again; MailRefused where a person has to change something (5xx, certificate, login, no TLS), and
    ConfigurationError where the CA file cannot be read.
    """
    return _handed_over(_Handover(message, server), clock, deadline_s)


def reach(server: MailServer, clock: Clock, *, deadline_s: float = DEADLINE_S) -> None:
    """Connect, secure and log in as `send` does, and hand over nothing: `doctor`. Raises as `send` does."""
    _handed_over(_Handover(None, server), clock, deadline_s)


def _handed_over(handover: "_Handover", clock: Clock, deadline_s: float) -> Delivery:
    worker = threading.Thread(target=handover.run, name="report-mail", daemon=True)
    worker.start()
    clock.sleep(deadline_s, handover.done)
    if not handover.done.is_set():
        handover.cut()
        worker.join(GRACE_S)
        handover.too_late()
    return handover.result()


class _Handover:
    """One hand-over in a thread of its own, which can be cut off from outside at any point."""

    def __init__(self, message: EmailMessage | None, server: MailServer) -> None:
        self.done = threading.Event()
        self.stage = Stage.CONNECTING
        self._message = message
        self._server = server
        self._guard: socket.socket | None = None
        self._over = False
        self._delivery: Delivery | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """What the thread does; whatever happens is kept for the one who waits."""
        try:
            self._hand_over()
        except BaseException as error:
            self._error = error  # raised by the thread that waits
        finally:
            self._let_go()
            self.done.set()

    def cut(self) -> None:
        """Break the connection under the thread: also a handshake or a read that would drip on.

        One that is not made yet is broken when it is (`_watch`): a name that took a minute to look up must
        not end in a mail behind the back of the one who was told that none went out.
        """
        self._over = True
        _broken_off(self._guard)

    def too_late(self) -> None:
        """The time was over; that matters only where the server has not said yes."""
        if self._delivery is None:
            raise _broken(self.stage, "The mail server took too long.")

    def result(self) -> Delivery:
        """What came out; raises what went wrong in our words."""
        if self._delivery is not None:
            return self._delivery  # a server that said yes and then stumbles has the mail
        raise _translated(self._error, self.stage) from None

    def _hand_over(self) -> None:
        context = None if self._server.security == "none" else _context(self._server.ca_file)
        client = _Client(self._watch, context if self._server.security == "tls" else None)
        client.reached_data = self._at_data
        with client:
            _expect(client.connect(self._server.host, self._server.port), 220)
            self.stage = Stage.TALKING
            client.ehlo_or_helo_if_needed()
            if self._server.security == "starttls":
                _expect(client.starttls(context=context), 220)
            if self._server.user:
                _log_in(client, self._server.user, self._server.password or "")
            if self._message is None:
                self._delivery = Delivery(accepted=0)
                return
            self.stage = Stage.LETTER
            self._delivery = _delivered(self._message, _sent(client, self._message))

    def _watch(self, connection: socket.socket) -> None:
        # A duplicate: TLS detaches the first descriptor, and a shutdown through any copy ends them all.
        self._guard = connection.dup()
        if self._over:  # asked after the guard is set, as `cut` says it before it looks: one of them sees it
            _broken_off(self._guard)

    def _at_data(self) -> None:
        self.stage = Stage.DATA

    def _let_go(self) -> None:
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.close()


def _broken_off(connection: socket.socket | None) -> None:
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def wire(message: EmailMessage) -> bytes:
    """The bytes that are handed over: UTF-8 in the head only where an address needs it (RFC 6531)."""
    return message.as_bytes(policy=MAIL_POLICY.clone(utf8=not _is_plain(message)))


def _is_plain(message: EmailMessage) -> bool:
    return all(each.isascii() for each in (_sender(message), *_recipients(message)))


def _sender(message: EmailMessage) -> str:
    return str(message["From"].addresses[0].addr_spec)


def _recipients(message: EmailMessage) -> list[str]:
    return [str(each.addr_spec) for each in message["To"].addresses]


def _sent(client: smtplib.SMTP, message: EmailMessage) -> Mapping[str, tuple[int, bytes]]:
    """Hand over exactly those bytes: smtplib's own send_message makes `>From ` of a line that begins `From `,
    so that what arrives is not what was hashed."""
    options: list[str] = []
    if not _is_plain(message):
        client.ehlo_or_helo_if_needed()
        if not client.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    return client.sendmail(_sender(message), _recipients(message), wire(message), options)


def _delivered(message: EmailMessage, refused: Mapping[str, tuple[int, bytes]]) -> Delivery:
    return Delivery(
        accepted=len(message["To"].addresses) - len(refused),
        refused={mask(address): reply[0] for address, reply in refused.items()},
    )


class _Client(smtplib.SMTP):
    """smtplib's client that shows its socket before the first byte and says when it reaches DATA."""

    reached_data: Callable[[], None]

    def __init__(self, watch: Callable[[socket.socket], None], context: ssl.SSLContext | None) -> None:
        self._watch = watch
        self._implicit_tls = context
        # An address literal: no look-up of this machine's name, and none told (RFC 5321, 4.1.3).
        super().__init__(local_hostname="[127.0.0.1]", timeout=READ_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """As smtplib.SMTP_SSL does it: the place that both of its clients replace."""
        self._host = host  # STARTTLS checks the certificate against it
        connection = socket.create_connection((host, port), timeout)
        self._watch(connection)
        if self._implicit_tls is None:
            return connection
        return self._implicit_tls.wrap_socket(connection, server_hostname=host)

    def data(self, msg: object) -> tuple[int, bytes]:
        """DATA: from here on a lost connection leaves open whether the mail was taken."""
        self.reached_data()
        return super().data(msg)  # type: ignore[arg-type] # typeshed and smtplib differ on bytes


def _context(ca_file: Path | None) -> ssl.SSLContext:
    """TLS that verifies chain and host name; smtplib's own default accepts any certificate (RE 5)."""
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError):
        raise ConfigurationError(
            "The mail server's CA file cannot be read.",
            where="report.smtp_ca_file",
            next_step="Name a readable PEM file, or remove the key to use the system's authorities.",
        ) from None


def _log_in(client: smtplib.SMTP, user: str, password: str) -> None:
    """AUTH PLAIN, else LOGIN, in UTF-8 (RFC 4616); smtplib's own login crashes on an ö in a password."""
    client.ehlo_or_helo_if_needed()
    offered = client.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        _authenticated(client.docmd("AUTH", f"PLAIN {_base64(f'{chr(0)}{user}{chr(0)}{password}')}"))
    elif "LOGIN" in offered:
        _expect(client.docmd("AUTH", "LOGIN"), 334)
        _expect(client.docmd(_base64(user)), 334)
        _authenticated(client.docmd(_base64(password)))
    else:
        raise smtplib.SMTPNotSupportedError


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _authenticated(reply: tuple[int, bytes]) -> None:
    if reply[0] not in {235, 503}:  # 503: the server knows us already
        raise smtplib.SMTPAuthenticationError(reply[0], b"")


def _expect(reply: tuple[int, bytes], code: int) -> None:
    if reply[0] != code:
        raise smtplib.SMTPResponseException(reply[0], b"")


RETRY: Final = "Nothing to do: it is tried again for 24 hours. `consent-mirror doctor` checks the mail path."
CHECK: Final = (
    "Check host, port, user, password and recipients under [report]; then `consent-mirror report --send`."
)


TRUST: Final = "Use the name that the certificate is issued for, or name its authority in smtp_ca_file."


def _broken(stage: Stage, problem: str) -> MailUnavailable:
    if stage is Stage.DATA:
        return MailAmbiguous(f"{problem} It may have taken the mail.", next_step=RETRY)
    return MailUnavailable(problem, next_step=RETRY)


def _translated(error: BaseException | None, stage: Stage) -> BaseException:
    """Our word for what happened; a server's own text is never repeated, it may hold an address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        # One that is only put off is worth another try, which the others then get too.
        code = min(reply[0] for reply in error.recipients.values())
        return _refused_by_code(code, "every recipient", of_letter=True)
    if isinstance(error, smtplib.SMTPResponseException):
        of_letter = isinstance(error, smtplib.SMTPDataError)
        return _refused_by_code(error.smtp_code, _what(error), of_letter=of_letter)
    if isinstance(error, ssl.SSLCertVerificationError):
        return MailRefused("The mail server's certificate is not trusted.", where="[report]", next_step=TRUST)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _not_offered(stage)
    if error is None or isinstance(error, (smtplib.SMTPException, OSError)):
        return _broken(stage, "The mail server cannot be reached or broke off.")
    return error


def _not_offered(stage: Stage) -> MailRefused:
    if stage is Stage.LETTER:  # where only the letters of an address are asked for (`_sent`)
        return AddressNotCarried("The mail server does not carry addresses like åsa@.", next_step=CHECK)
    return MailRefused("The mail server lacks STARTTLS or login.", next_step=CHECK)


def _what(error: smtplib.SMTPResponseException) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "the login"
    return "the sender" if isinstance(error, smtplib.SMTPSenderRefused) else "the mail"


def _refused_by_code(code: int, what: str, *, of_letter: bool) -> ConnectorError:
    """4xx: later; 5xx: never without a change (RFC 5321, 4.2.1). A code outside both is a broken server."""
    if 500 <= code <= 599:
        refused = LetterRefused if of_letter else MailRefused
        return refused(f"The mail server refused {what} ({code}).", where="[report]", next_step=CHECK)
    put_off = LetterPutOff if of_letter and 400 <= code <= 499 else MailUnavailable
    return put_off(f"The mail server put off {what} ({code}).", where="[report]", next_step=RETRY)
