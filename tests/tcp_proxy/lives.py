"""The product over real sockets, with the proxy in the way: each class of fault in each flow.

Time runs faster here, for product, sandbox and sockets alike: a time-out of 30 s is over in a moment, and all
of them keep their proportions. What is asked of a flow is what the fault matrix asks: its effect can be seen
at last, or it ended with a word; never neither.
"""

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from connector.acts.who import people_at
from connector.acts.withdraw import No, withdraw
from connector.errors import ConnectorError
from connector.hubspot import session
from connector.report import smtp
from tests.report.mailbox import Box, serving
from tests.simulation.invariants import log_verifies
from tests.simulation.matrix import FLOWS, Cell, Flow, _word
from tests.simulation.product import Product
from tests.tcp_proxy.proxy import KINDS, Proxy
from tests.world import ANNA, BO, CARIN, DAVID, DAY, EVA, HOUR, MINUTE, NEWSLETTER, START

SPEED = 40  # times faster than the wall's clock
AT = (1, 2, 4)  # the exchanges of a flow that are hit
#: The longest that a flow may take before it ends with a word: the deadline of a call (120 s) for each of the
#: calls that are hit, and as much again for the rest.
PATIENCE_S = 120.0 * (len(AT) + 1)


class HurriedClock:
    """Real time, `SPEED` times as fast; a test may move it on."""

    def __init__(self) -> None:
        self._began, self._moved = time.monotonic(), 0.0

    def monotonic(self) -> float:
        return START / 1000 + (time.monotonic() - self._began) * SPEED + self._moved

    def now(self) -> int:
        return int(self.monotonic() * 1000)

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        wait = max(0.0, seconds) / SPEED
        if wake is not None:
            return wake.wait(wait)
        time.sleep(wait)
        return False

    def advance(self, ms: int) -> None:
        self._moved += ms / 1000


class SocketProduct(Product):
    """The product as it ships, down to its sockets; only their time-outs shrink with the clock."""

    def __init__(self, folder: Path, *, seed: int = 9) -> None:
        self.box, self.letters = Box(), 0
        self.line = ExitStack()
        mail = self.line.enter_context(serving(self.box))
        self.post = self.line.enter_context(Proxy(mail, http=False))
        super().__init__(folder, seed=seed, extra=_report(self.post.port))

    def _time(self) -> Any:
        return HurriedClock()

    def _line(self) -> str:
        """Sandbox, proxy and the address of the proxy."""
        server = self.line.enter_context(self.sandbox.start())
        self.proxy = self.line.enter_context(Proxy(server.port))
        for module, names in ((session, ("CONNECT_S", "READ_S", "ANSWER_S")), (smtp, ("READ_S",))):
            for name in names:
                self.line.enter_context(_hurried(module, name))
        return f"http://127.0.0.1:{self.proxy.port}"

    def _mail(self) -> None:
        """A real server behind the proxy, see above."""

    def end(self) -> None:
        super().end()
        self.line.close()


def _report(port: int) -> str:
    return (
        f'[report]\nto = ["dpo@exempel.example"]\nfrom = "mirror@exempel.example"\n'
        f'smtp_host = "127.0.0.1"\nsmtp_port = {port}\nsmtp_security = "none"\n'
    )


@contextmanager
def _hurried(module: Any, name: str) -> Iterator[None]:
    before = getattr(module, name)
    # ANSWER_S is measured on the hurried clock; the others by the kernel
    setattr(module, name, before if name == "ANSWER_S" else before / SPEED)
    try:
        yield
    finally:
        setattr(module, name, before)


# --- flows -------------------------------------------------------------------------------------------------


def _first(product: SocketProduct) -> None:
    if product.desk is None:
        product.open()
    product.turn()


def _everybody_read(product: SocketProduct) -> bool:
    with product.mirror.read(product.desk.portal) as work:
        return all(people_at(work, who) for who in PEOPLE)


def _night(product: SocketProduct) -> None:
    """The next morning at six, local time."""
    product.tick()  # a timetable that never ran begins with the night after
    product.letters = len(product.box.mails)
    product.world.advance(DAY - (product.clock.now() - SIX) % DAY + 10 * MINUTE)
    product.tick()


SIX = START - 6 * HOUR  # START is noon in Stockholm
PEOPLE = (ANNA, BO, CARIN, DAVID, EVA)
FIRST = Flow("first reading", _first, _everybody_read)
MAIL = Flow("nightly mail", _night, lambda product: len(product.box.mails) > product.letters)
ALL_FLOWS = (FIRST, *FLOWS, MAIL)
#: What SMTP, which has no lengths and no heads, can suffer.
OF_MAIL = tuple(
    kind for kind in KINDS if "length" not in kind and kind not in {"truncated", "endless headers"}
)
#: Greeting of the first hand-over; the next one's end of the letter, when nobody knows whether it arrived.
AT_MAIL = (1, 6)


def lived(fault: str, folder: Path, at: Collection[int] = AT) -> list[Cell]:
    """Every flow under one class of fault, in one life."""
    product = SocketProduct(folder)
    try:
        for address in PEOPLE:
            product.sandbox.colleague.create({"email": address})
        cells = [_cell(product, product.proxy, fault, FIRST, at)]
        product.begin()
        withdraw(product.desk, CARIN, No())
        cells += [_cell(product, product.proxy, fault, flow, at) for flow in FLOWS]
        if fault in OF_MAIL:
            cells.append(_cell(product, product.post, fault, MAIL, AT_MAIL))
        _no_harm(product)
        return cells
    finally:
        product.end()


def _cell(product: SocketProduct, proxy: Proxy, fault: str, flow: Flow, at: Collection[int]) -> Cell:
    """One flow: begun under the fault, which then ends; at last its effect can be seen."""
    product.world.advance(HOUR)
    injected, calls, began = proxy.injected.total(), _calls(product), product.clock.now()
    proxy.arm(fault, at)
    refused = _ends_with_a_word(product, flow)
    took_s = (product.clock.now() - began) / 1000
    while proxy is product.post and proxy.injected.total() - injected < len(at) and fault != "refused":
        if product.clock.now() - began > 2 * DAY:  # what is not hit in two days needs no more than one try
            break
        product.world.advance(15 * MINUTE)
        product.tick()
    proxy.disarm()
    if refused:
        flow.start(product)
    for _ in range(40):
        if flow.done(product):
            break
        product.world.advance(15 * MINUTE)
        product.tick()
    hits = proxy.injected.total() - injected + (fault == "refused")
    survived = flow.done(product) and (took_s < PATIENCE_S or proxy is product.post)
    return Cell(fault, flow.name, hits, survived, _calls(product) - calls, product.clock.now() - began)


def _calls(product: SocketProduct) -> int:
    return product.desk.hubspot.calls_made if product.desk is not None else 0


def _ends_with_a_word(product: SocketProduct, flow: Flow) -> bool:
    """Begin it. True: it was refused as temporary, and nothing was acknowledged."""
    try:
        flow.start(product)
    except ConnectorError as error:
        if error.exit_code not in {3, 4, 75}:
            raise
        return error.exit_code == 75
    return False


def _no_harm(product: SocketProduct) -> None:
    """After everything: who said no is off, the one yes is on and nothing beside it, the log holds, and a
    letter that went twice is the same letter."""
    words = {who: _word(product, who) for who in PEOPLE if who != DAVID}
    assert words == {ANNA: "UNSUBSCRIBED", BO: "UNSUBSCRIBED", CARIN: "UNSUBSCRIBED", EVA: "SUBSCRIBED"}
    others = product.sandbox.machine.address(EVA)["statuses"]
    assert [row["status"] for key, row in others.items() if key != str(NEWSLETTER)] == []
    with product.mirror.read(product.desk.portal) as work:
        assert not work.outbox.waiting().noes
    log_verifies(product)
    letters = [_message_id(content) for _, content in product.box.mails]
    assert len(letters) - len(set(letters)) <= product.post.injected.total()


def _message_id(letter: bytes) -> bytes:
    return next(line for line in letter.splitlines() if line.lower().startswith(b"message-id:"))
