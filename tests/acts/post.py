"""A world with a real mail server beside it: what the commands send arrives in a box."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event as Flag
from typing import Any

from tests.report.mailbox import Box, serving
from tests.world import World, WorldClock, world

REPORT = (
    '[report]\nto = ["dataskydd@exempel.example"]\nfrom = "consent-mirror@exempel.example"\n'
    'smtp_host = "127.0.0.1"\nsmtp_port = {port}\nsmtp_security = "none"\n'
)


class PostClock(WorldClock):
    """Time stands still, but whoever waits for somebody else's answer really waits."""

    def sleep(self, seconds: float, wake: Flag | None = None) -> bool:
        if wake is None:
            return super().sleep(seconds)
        return wake.wait(min(seconds, 30.0))


@contextmanager
def post_world(folder: Path, box: Box, *, extra: str = "", **more: Any) -> Iterator[World]:
    """A world whose letters reach `box`."""
    with (
        serving(box) as port,
        world(folder, extra=REPORT.format(port=port) + extra, clock=PostClock(), **more) as made,
    ):
        yield made


def letters(box: Box) -> list[EmailMessage]:
    """What arrived, oldest first."""
    found = [message_from_bytes(content, policy=policy.default) for _, content in box.mails]
    assert all(isinstance(each, EmailMessage) for each in found)
    return [each for each in found if isinstance(each, EmailMessage)]


def text_of(message: EmailMessage) -> str:
    """Its plain text."""
    body = message.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())
