"""What befalls an operator: a mail server that fails, and a database that is put back from an older copy."""

import smtplib
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from connector.acts.backup import back_up
from connector.acts.first_push import confirm_first_push, dry_run_shown
from connector.acts.restore import Place, restore
from connector.errors import ConnectorError
from connector.report import charts, smtp

if TYPE_CHECKING:
    from tests.simulation.deeds import Deed
    from tests.simulation.run import Life

MAIL = """[report]
to = ["dpo@exempel.example"]
from = "mirror@exempel.example"
smtp_host = "127.0.0.1"
smtp_port = 9
smtp_security = "none"
"""
KINDS = ("4xx", "5xx", "silence", "dropped after DATA")


class Post:
    """The mail server of the simulation: takes letters, or fails in the way that is due."""

    def __init__(self) -> None:
        self.due: list[str] = []
        self.fired: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()  # by Message-ID
        self.unsure: Counter[str] = Counter()  # taken, and nobody heard of it

    def send(
        self, message: EmailMessage, server: smtp.MailServer, clock: Any, *, deadline_s: float = 60.0
    ) -> smtp.Delivery:
        """As `smtp.send`, without sockets; what it raises is what the real one makes of such an answer."""
        kind = self.due.pop(0) if self.due else None
        if kind:
            self.fired[f"mail {kind}"] += 1
        if kind in {"4xx", "5xx"}:
            code = 451 if kind == "4xx" else 554
            raise smtp._translated(smtplib.SMTPDataError(code, b"no"), smtp.Stage.LETTER)
        if kind == "silence":
            clock.sleep(deadline_s)
            raise smtp._broken(smtp.Stage.TALKING, "The mail server took too long.")
        self.taken[str(message["Message-ID"])] += 1
        if kind == "dropped after DATA":
            self.unsure[str(message["Message-ID"])] += 1
            raise smtp._broken(smtp.Stage.DATA, "The mail server closed the connection.")
        return smtp.Delivery(accepted=1)


@contextmanager
def delivered(post: Post) -> Iterator[None]:
    """While this lasts every letter of the product is handed to this server; charts are not drawn (a child
    process each: `tests/report/test_charts.py`)."""
    honest, drawn = smtp.send, charts._drawn
    charts._drawn = lambda wanted, limit_s: dict.fromkeys(wanted, b"PNG")
    users = [m for name, m in list(sys.modules.items()) if name.startswith(("connector.", "jobs."))]
    users = [module for module in users if getattr(module, "send", None) is honest]
    for module in users:
        module.send = post.send  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in users:
            module.send = honest  # type: ignore[attr-defined]
        charts._drawn = drawn


# --- deeds -------------------------------------------------------------------------------------------------


def mail_fails(life: "Life", d: "Deed") -> None:
    """The next letters meet a server that does not take them, or takes them without a word."""
    life.product.post.due += [KINDS[d.a % len(KINDS)]] * (1 + d.b % 3)


def copied(life: "Life", d: "Deed") -> None:
    """The operator makes a backup copy."""
    file = life.product.folder / f"copy-{life.steps}.db"
    if life.product.alive(lambda: back_up(life.product.settings.mirror.database, file)) is not None:
        life.copies.append(file)


def put_back(life: "Life", d: "Deed") -> None:
    """And puts it in the mirror's place later, with all that happened since: the journal has the noes and the
    erasures. Some steps later somebody allows writing again (I19)."""
    if not life.copies:
        return
    file = life.copies[d.a % len(life.copies)]
    life.product.alive(lambda: _restored(life, file))
    life.product.again()
    life.news.forget()
    life.later(d.b % 3, life.allowed)


def _restored(life: "Life", file: Any) -> None:
    product = life.product
    product.close()
    place = Place(
        url=product.settings.mirror.database,
        keys=product.keys(),
        journal=product.journal(),
        clock=product.clock,
        chance=product.tools.chance,
    )
    restore(place, file, lambda mirror: [product.desk_at(mirror)])
    life.seen["restores"] += 1


def allowed(life: "Life") -> None:
    """A person has seen what would be written."""
    with suppress(ConnectorError):
        dry_run_shown(life.desk)
        confirm_first_push(life.desk)
