"""The fault matrix: each class of fault in each flow, one after another, and what became of it.

    python -m tests.simulation.matrix        # the table of docs/reliability.md

A flow may end at once, or with an error that says that HubSpot or the database is away; afterwards the daemon
ticks until the flow's effect can be seen in HubSpot. What it must never do is end without effect and without
a word.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.acts.erase import Order, erase
from connector.acts.who import people_at
from connector.acts.withdraw import No, withdraw
from connector.errors import ConnectorError, HubSpotRefused
from tests.crash.script import _consent
from tests.published import DOCS, commit, publish
from tests.simulation.deeds import FAULTS
from tests.simulation.product import Product
from tests.world import ANNA, BO, CARIN, DAVID, EVA, MINUTE, NEWSLETTER

Effect = Callable[[Product], bool]


@dataclass(frozen=True, slots=True)
class Flow:
    """Something to get done: what starts it, and how one sees that it happened."""

    name: str
    start: Callable[[Product], Any]
    done: Effect


@dataclass(slots=True)
class Cell:
    """One class in one flow."""

    fault: str
    flow: str
    injected: int
    survived: bool
    calls: int
    healed_ms: int


def _word(product: Product, address: str) -> str:
    held = product.sandbox.machine.address(address)
    row = held["statuses"].get(str(NEWSLETTER))
    return "UNSUBSCRIBED" if held["wide"] else str(row["status"]) if row else "NOT_SPECIFIED"


def _state(product: Product, address: str) -> str:
    with product.mirror.read(product.desk.portal) as work:
        people = people_at(work, address)
        row = work.states.of([p.id for p in people]).get((people[0].id, "newsletter")) if people else None
        return str(row.state) if row else "none"


def _opt_out(product: Product) -> None:
    product.sandbox.person.unsubscribe(BO, NEWSLETTER)
    product.turn()


def _sweep(product: Product) -> None:
    product.sandbox.register.clear_status(CARIN)
    product.turn(full=True)


def _subscribed(product: Product) -> None:
    _consent(product, EVA, product.clock.now())
    product.turn()


FLOWS = (
    Flow("withdraw", lambda p: withdraw(p.desk, ANNA, No()), lambda p: _word(p, ANNA) == "UNSUBSCRIBED"),
    Flow("pull", _opt_out, lambda p: _state(p, BO) == "WITHDRAWN"),
    Flow("subscribe", _subscribed, lambda p: _word(p, EVA) == "SUBSCRIBED"),
    Flow("sweep", _sweep, lambda p: _word(p, CARIN) == "UNSUBSCRIBED"),
    Flow(
        "erase",
        lambda p: erase(p.desk, DAVID, Order()),
        lambda p: p.sandbox.engine.rooms.portal.owner(DAVID) is None and _state(p, DAVID) == "none",
    ),
)


def _http(rule: Mapping[str, Any]) -> Callable[[Product], Callable[[], int]]:
    def inject(product: Product) -> Callable[[], int]:
        product.sandbox.machine.fault(**{"count": 3, **rule, "name": "matrix"})
        return lambda: sum(int(str(r["fired"])) for r in product.sandbox.machine.faults())

    return inject


def _unreachable(how: str) -> Callable[[Product], Callable[[], int]]:
    def inject(product: Product) -> Callable[[], int]:
        product.wire.down = how
        return lambda: product.wire.seen[f"connection {how}"]

    return inject


def _token(product: Product) -> Callable[[], int]:
    before = product.sandbox.machine.requests()[-1]["seq"]
    product.sandbox.machine.rotate_token()
    return lambda: sum(r["status"] == 401 for r in product.sandbox.machine.requests(before))


def _clock(skew: int) -> Callable[[Product], Callable[[], int]]:
    def inject(product: Product) -> Callable[[], int]:
        product.clock.skew_ms = skew
        return lambda: 1

    return inject


def _disk(kind: str) -> Callable[[Product], Callable[[], int]]:
    def inject(product: Product) -> Callable[[], int]:
        product.disk.due[kind] = 2
        return lambda: product.disk.fired[kind]

    return inject


def _all() -> dict[str, Callable[[Product], Callable[[], int]]]:
    found: dict[str, Callable[[Product], Callable[[], int]]] = {}
    for name, rule in FAULTS:
        told = name if name not in found else f"{name} ({rule.get('status') or rule['effect']})"
        while told in found:
            told += "'"
        found[told] = _http(rule)
    return (
        {"none": lambda _: lambda: 0}
        | found
        | {
            "connection refused": _unreachable("refused"),
            "connect time-out": _unreachable("timeout"),
            "token changed": _token,
            "clock 10 min ahead": _clock(600_000),
            "clock 10 min behind": _clock(-600_000),
            "database locked": _disk("busy"),
            "disk full": _disk("full"),
        }
    )


CLASSES = _all()


def tried(fault: str) -> list[Cell]:
    """Every flow under one class of fault, in one life."""
    cells = []
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        product = Product(Path(folder), seed=9)
        try:
            for address in (ANNA, BO, CARIN, DAVID, EVA):
                product.sandbox.colleague.create({"email": address})
            product.begin()
            withdraw(product.desk, CARIN, No())
            product.world.advance(60 * MINUTE)
            product.turn()
            cells = [_cell(product, fault, flow) for flow in FLOWS]
        finally:
            product.end()
    return cells


def _cell(product: Product, fault: str, flow: Flow) -> Cell:
    product.world.advance(60 * MINUTE)
    calls = product.desk.hubspot.calls_made
    counted = CLASSES[fault](product)
    before = 0 if "connection" not in fault and "connect " not in fault else counted()
    before = counted() if fault in {"database locked", "disk full"} else before
    began = product.world.now()
    try:
        flow.start(product)
        refused = False
    except HubSpotRefused:
        refused = True  # told at once; who asked asks again, once a person has mended the token
    except ConnectorError as error:
        if error.exit_code not in {3, 4, 75}:
            raise
        refused = error.exit_code == 75  # nothing was acknowledged: who asked asks again
    injected = counted() - before
    _repaired(product)
    if refused:
        flow.start(product)
    for _ in range(40):
        if flow.done(product):
            break
        product.world.advance(15 * MINUTE)
        product.tick()
    return Cell(
        fault, flow.name, injected, flow.done(product),
        product.desk.hubspot.calls_made - calls, product.world.now() - began,
    )  # fmt: skip


def _repaired(product: Product) -> None:
    product.sandbox.machine.clear_faults()
    product.wire.down = None
    product.clock.skew_ms = 0
    product.disk.due.clear()
    product.set_token(product.sandbox.token)


def table(cells: Sequence[Cell]) -> str:
    """Injected, calls made with all repeats, healing time; what was lost stands out."""
    names = [flow.name for flow in FLOWS]
    lines = ["| fault | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for fault in dict.fromkeys(cell.fault for cell in cells):
        of = {cell.flow: cell for cell in cells if cell.fault == fault}
        lines.append(f"| {fault} | " + " | ".join(_shown(of[name]) for name in names) + " |")
    lost = sum(not cell.survived for cell in cells)
    injected = sum(cell.injected for cell in cells)
    return (
        f"{len(cells)} cells, {injected} faults injected, {lost} cells lost, at {commit()}.\n\n"
        + "\n".join(lines)
    )


def _shown(cell: Cell) -> str:
    minutes = cell.healed_ms / 60_000
    return f"{cell.injected} · {cell.calls} · {minutes:.0f} min" if cell.survived else "**lost**"


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    said = parser.parse_args(words)
    cells: list[Cell] = []
    for fault in CLASSES:
        cells += tried(fault)
        sys.stderr.write(f"{fault}\n")
    sys.stdout.write(table(cells) + "\n")
    if said.write:
        publish(DOCS / "reliability.md", "matrix", table(cells))
    return 0 if all(cell.survived for cell in cells) else 1


if __name__ == "__main__":
    sys.exit(main())
