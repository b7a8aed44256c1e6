"""A real SMTP server on this machine that can be told to misbehave."""

import socket
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

PASSWORD = "Höst-2026"  # not ASCII on purpose
#: How long the server gets to come up, on a machine that is busy with other things.
READY_S = 60.0


class Box:
    """A mailbox that can be told to misbehave."""

    def __init__(self, replies=None, refuse=(), drop_after_data=False):
        self.replies = list(replies or [])
        self.refuse = dict(refuse)
        self.drop_after_data = drop_after_data
        self.mails = []
        self.users = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.replies:
            return self.replies.pop(0)
        self.mails.append((tuple(envelope.rcpt_tos), envelope.content))
        if self.drop_after_data:
            server.transport.abort()
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data):
        if isinstance(data, LoginPassword) and data.password.decode() == PASSWORD:
            self.users.append(data.login.decode())
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False)


@contextmanager
def serving(box, *, starttls=None, tls=None, host="127.0.0.1", login_only=False, utf8=True):
    """An aiosmtpd server on a free port, with STARTTLS or TLS from the first byte."""
    # Bound from here on: a port that was only looked up may be another's once the server asks for it.
    listener = socket.create_server((host, 0))
    port = listener.getsockname()[1]

    class Here(Controller):
        def _create_server(self):
            return self.loop.create_server(self._factory_invoker, sock=listener, ssl=self.ssl_context)

        def factory(self):
            return SMTP(
                box,
                hostname="mail.exempel.se",
                tls_context=starttls,
                require_starttls=starttls is not None,
                authenticator=box.authenticate,
                auth_require_tls=True,
                auth_exclude_mechanism=["PLAIN"] if login_only else [],
                enable_SMTPUTF8=utf8,
            )

    controller = Here(box, hostname=host, port=port, ssl_context=tls, ready_timeout=READY_S)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
