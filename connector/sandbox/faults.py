"""Faults by rule: which requests go wrong, how, how often; the same seed, the same faults.

A rule as JSON (only `effect` is needed):
`{"effect": "status", "status": 503, "method": "POST", "path": "*/statuses/*", "nth": [2, 5], "count": 3}`
`path` is a pattern (`*` for anything) over the path as it came or over the route's template.
Effects that begin with `webhook_` befall what the portal sends, and `path` is that of the URL it is sent to.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from connector.clock import SeededChance

Effect = Literal[
    "status", "drop", "timeout", "late", "cut", "truncated", "html", "drip", "delay", "wrong_type",
    "missing_field", "partial", "stale_search", "stuck_cursor", "out_of_order", "repeated_row",
    "webhook_twice", "webhook_shuffled", "webhook_lost", "webhook_late", "webhook_forged", "webhook_altered",
]  # fmt: skip


class FaultRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """When: after `skip`, `nth` (1-based), `every`, `probability` or always, at most `count` times."""

    effect: Effect
    name: str = ""
    method: str = "*"
    path: str = "*"
    nth: list[int] = []
    every: int = 0
    probability: float = 1.0
    skip: int = 0
    count: int = 0  # 0: without end
    #: `status`: the answer, with optional Retry-After, policyName and category.
    status: int = 500
    retry_after: float | None = None
    policy: str = ""
    category: str = ""
    #: `status`, `drop`, `timeout`: is the request carried out all the same?
    applied: bool = False
    #: `timeout`, `late`, `drip`, `delay`, `webhook_late`: seconds; `stale_search`: how much staler it is.
    seconds: float = 30.0
    #: `wrong_type`, `missing_field`: dotted path into the answer, `*` for each entry of a list.
    field: str = ""
    value: object = None
    #: `partial`: share of the inputs that fail, spread evenly.
    share: float = 0.5


class Faults:
    """The rules in force; the first that fires decides."""

    def __init__(self, seed: int) -> None:
        self._chance = SeededChance(f"faults/{seed}")
        self._rules: list[FaultRule] = []
        self._met: list[int] = []
        self._fired: list[int] = []

    def add(self, rule: FaultRule) -> None:
        self._rules.append(rule)
        self._met.append(0)
        self._fired.append(0)

    def clear(self, name: str | None = None) -> None:
        """All rules, or those of one name."""
        kept = [place for place, rule in enumerate(self._rules) if name is not None and rule.name != name]
        self._rules = [self._rules[place] for place in kept]
        self._met = [self._met[place] for place in kept]
        self._fired = [self._fired[place] for place in kept]

    def rules(self) -> list[dict[str, object]]:
        """The rules with how often they met a request and fired."""
        rows = zip(self._rules, self._met, self._fired, strict=True)
        return [{**msgspec.to_builtins(rule), "met": met, "fired": fired} for rule, met, fired in rows]

    def pick(self, method: str, path: str, template: str) -> FaultRule | None:
        """The rule that this request falls to, if any."""
        return self._first(lambda rule: not _is_outgoing(rule) and _matches(rule, method, path, template))

    def pick_webhook(self, path: str) -> FaultRule | None:
        """The rule that a webhook to this path falls to, if any."""
        return self._first(lambda rule: _is_outgoing(rule) and _matches(rule, "POST", path, path))

    def _first(self, fits: Callable[[FaultRule], bool]) -> FaultRule | None:
        for place, rule in enumerate(self._rules):
            if fits(rule) and self._due(place, rule):
                self._fired[place] += 1
                return rule
        return None

    def _due(self, place: int, rule: FaultRule) -> bool:
        self._met[place] += 1
        turn = self._met[place] - rule.skip
        if turn < 1 or (rule.count and self._fired[place] >= rule.count):
            return False
        if rule.nth:
            return turn in rule.nth
        if rule.every:
            return turn % rule.every == 0
        return rule.probability >= 1.0 or self._chance.jitter() < rule.probability


def _is_outgoing(rule: FaultRule) -> bool:
    return rule.effect.startswith("webhook_")


def _matches(rule: FaultRule, method: str, path: str, template: str) -> bool:
    if rule.method not in {"*", method}:
        return False
    return fnmatchcase(path, rule.path) or fnmatchcase(template, rule.path)
