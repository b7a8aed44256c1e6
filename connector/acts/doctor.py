"""`doctor`: is everything in place? Read-only; each problem comes with its next step."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from connector.errors import ConnectorError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    problem: str = ""
    next_step: str = ""

    def document(self) -> dict[str, Any]:
        """The `--json` form."""
        return {"name": self.name, "ok": self.ok, "problem": self.problem, "next_step": self.next_step}


@dataclass(frozen=True, slots=True)
class Probe:
    """A check to make. `look` raises a ConnectorError, or returns a remark; `needs` names earlier ones."""

    name: str
    look: Callable[[], str | None]
    needs: tuple[str, ...] = ()


def examine(probes: Iterable[Probe]) -> list[Check]:
    """Make the checks in order; one whose base failed is not made, and says so."""
    checks: dict[str, Check] = {}
    for probe in probes:
        broken = [name for name in probe.needs if name in checks and not checks[name].ok]
        checks[probe.name] = _waiting(probe, broken[0]) if broken else _made(probe)
    return list(checks.values())


def _waiting(probe: Probe, base: str) -> Check:
    return Check(probe.name, False, f"Not looked at: {base} first.", f"Mend {base} and run doctor again.")


def _made(probe: Probe) -> Check:
    try:
        remark = probe.look()
    except ConnectorError as error:
        place = f" ({error.where})" if error.where else ""
        return Check(probe.name, False, f"{error.problem}{place}", error.next_step)
    return Check(probe.name, True, remark or "")
