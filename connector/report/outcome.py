"""How a try to send ended, beside `MailUnavailable` (a later try may work)."""

from connector.errors import ConnectorError, MailUnavailable


class MailAmbiguous(MailUnavailable):
    """The connection broke after DATA: the server may have the mail. Repeated with the same Message-ID."""

    code = "mail_ambiguous"


class MailRefused(ConnectorError):
    """The mail server refuses for good until a person changes something. Never silent: status shows it."""

    code = "mail_refused"
    exit_code = 2


class LetterRefused(MailRefused):
    """This letter is refused for good, its recipient or its content; another one may well be taken."""


class AddressNotCarried(LetterRefused):
    """The recipient's address has letters that this server does not carry (no SMTPUTF8, RFC 6531)."""

    code = "server_without_utf8_addresses"


class LetterPutOff(MailUnavailable):
    """This letter is put off (4xx to its recipient or content); another one may well be taken now."""
