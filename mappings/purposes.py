"""Purposes (Art. 5(1)(b)): the unit of consent, each mapped to one HubSpot subscription type."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mappings.terms import MARKETING_BASES, Basis

ALL: Final = "*"  # every marketing purpose; never the key of one


class BadPurposes(ValueError):
    """The table of purposes contradicts itself or the law; `problems` lists all of it at once."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why people are written to, and on which legal basis.

    `business_unit` is HubSpot's brand that the type belongs to, 0 for the account's own. `push_soft_optin`
    lets a soft opt-in be written to HubSpot (row 25). `retain` is a rule of connector.consent.retention.
    """

    key: str
    subscription_id: int
    basis: Basis = Basis.CONSENT
    marketing: bool = True
    title: Mapping[str, str] = field(default_factory=dict)
    double_opt_in: bool = False
    retain: str = "until withdrawn"
    push_soft_optin: bool = False
    business_unit: int = 0

    def named(self, language: str) -> str:
        """The title in a language, in any other where it is missing, else the key."""
        return self.title.get(language) or next(iter(self.title.values()), self.key)

    @property
    def allows_soft_optin(self) -> bool:
        """Customers may be mailed for this purpose without a consent of their own (ePrivacy 13(2))."""
        return self.basis is Basis.SOFT_OPTIN or self.push_soft_optin

    def problems(self) -> Iterator[str]:
        """What is wrong with this purpose alone."""
        if not self.key or self.key == ALL:
            yield f"purpose {self.key!r}: a key is needed, and {ALL} means all of them"
        if self.subscription_id <= 0:
            yield f"purpose {self.key}: subscription_id is a positive number (0 stands for all e-mail)"
        if self.marketing and self.basis not in MARKETING_BASES:
            yield f"purpose {self.key}: a marketing purpose has the basis consent or soft_optin (ePrivacy 13)"


class Purposes:
    """The purposes of one portal, looked up by key and by subscription type."""

    def __init__(self, purposes: Iterable[Purpose]) -> None:
        """Raises BadPurposes with every problem."""
        self._all = tuple(purposes)
        problems = [problem for purpose in self._all for problem in purpose.problems()]
        problems += _doubles("key", [purpose.key for purpose in self._all])
        problems += _doubles("subscription_id", [purpose.subscription_id for purpose in self._all])
        if problems:
            raise BadPurposes(problems)
        self._by_key = {purpose.key: purpose for purpose in self._all}
        self._by_subscription = {purpose.subscription_id: purpose for purpose in self._all}
        self.marketing = tuple(purpose for purpose in self._all if purpose.marketing)
        self.business_units = frozenset(purpose.business_unit for purpose in self._all)

    def __iter__(self) -> Iterator[Purpose]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __getitem__(self, key: str) -> Purpose:
        """The purpose with that key. Raises KeyError."""
        return self._by_key[key]

    def get(self, key: str) -> Purpose | None:
        """The purpose with that key, None where there is none."""
        return self._by_key.get(key)

    def of_subscription(self, subscription_id: int) -> Purpose | None:
        """The purpose of a HubSpot subscription type; None for a type that no purpose is mapped to."""
        return self._by_subscription.get(subscription_id)

    @property
    def subscription_ids(self) -> tuple[int, ...]:
        """The mapped subscription types in the configured order."""
        return tuple(self._by_subscription)


def _doubles(what: str, values: list[str] | list[int]) -> list[str]:
    counted: dict[object, int] = {}
    for value in values:
        counted[value] = counted.get(value, 0) + 1
    return [
        f"purposes.{what}: {value!r} is used {times} times" for value, times in counted.items() if times > 1
    ]
