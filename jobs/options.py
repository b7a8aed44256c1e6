"""What every command shares: the global options, before or after the command, and how it ends."""

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from jobs import output

CONFIG_VARIABLE = "CONSENT_MIRROR_CONFIG"


@dataclass(frozen=True, slots=True)
class Globals:
    """The global options of one call (design 1.1)."""

    config: Path | None = None
    portal: str | None = None
    json: bool = False
    debug: bool = False

    @property
    def config_path(self) -> Path:
        """--config, else $CONSENT_MIRROR_CONFIG, else config.toml here."""
        return self.config or Path(os.environ.get(CONFIG_VARIABLE) or "config.toml")

    def over(self, other: "Globals") -> "Globals":
        """These options, filled up by those said before the command."""
        return Globals(
            config=self.config or other.config,
            portal=self.portal or other.portal,
            json=self.json or other.json,
            debug=self.debug or other.debug,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its JSON document, what a person reads, and the exit code."""

    document: Mapping[str, Any] | list[Any] = field(default_factory=dict)
    text: RenderableType | None = None
    code: int = 0


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help=f"The configuration file; else ${CONFIG_VARIABLE}, else config.toml.",
        show_default=False,
    ),
]
PortalName = Annotated[
    str | None, typer.Option("--portal", help="Which portal, where several are configured.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; progress goes to stderr.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of our own defects.")]

SHARED = (
    ("config", Config, None),
    ("portal_name", PortalName, None),
    ("as_json", Json, False),
    ("debug", Debug, False),
)


def command(function: Callable[..., Outcome | None]) -> Callable[..., None]:
    """Give a command the global options after its name, and print what it returns.

    The wrapped function takes `Globals` first; Typer sees its other parameters and the shared ones.
    """

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        said = Globals(
            config=kwargs.pop("config"),
            portal=kwargs.pop("portal_name"),
            json=kwargs.pop("as_json"),
            debug=kwargs.pop("debug"),
        )
        wanted = said.over(before_command())
        outcome = function(wanted, *args, **kwargs)
        if outcome is not None:
            output.show(outcome.document, outcome.text, as_json=wanted.json)
            raise typer.Exit(outcome.code)

    own = list(inspect.signature(function).parameters.values())[1:]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in SHARED
    ]
    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined] # Typer reads it
    run.__annotations__ = {each.name: each.annotation for each in (*own, *shared)}
    return run


_before: list[Globals] = [Globals()]


def remember(said: Globals) -> None:
    """Keep what was said before the command's name."""
    _before[0] = said


def before_command() -> Globals:
    """What was said before the command's name."""
    return _before[0]
