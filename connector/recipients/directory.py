"""Every configured recipient by name, as the acts see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from connector.errors import ConfigurationError


class Way(Protocol):
    """How one recipient is reached."""

    def tell(self, number: str, body: bytes) -> None:
        """Hand one message over."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The recipients of the configuration."""

    ways: Mapping[str, Way]

    def tell(self, name: str, number: str, body: bytes) -> None:
        """Hand one message to one of them. Raises ConfigurationError for a name that is not there."""
        way = self.ways.get(name)
        if way is None:
            raise ConfigurationError(
                "A recipient who has to be told is not in the configuration any more.",
                where="recipients",
                next_step="Put it back under its name until it has confirmed.",
            )
        way.tell(number, body)
