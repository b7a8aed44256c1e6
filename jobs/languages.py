"""The language of a document that a command writes: as said, else the controller's first."""

from enum import StrEnum
from typing import Annotated

import typer

from connector.report.words import Language
from connector.settings import Settings


class Tongue(StrEnum):
    """A language of the product."""

    SV = "sv"
    EN = "en"


Speak = Annotated[Tongue | None, typer.Option("--language", help="Otherwise the controller's first.")]


def spoken(settings: Settings, said: Tongue | None) -> Language:
    """`sv` or `en`."""
    if said is not None:
        return "sv" if said is Tongue.SV else "en"
    return settings.controller.languages[0]
