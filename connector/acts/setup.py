"""`init`: the configuration file, written from the commented example."""

import os
import re
from pathlib import Path

from connector.errors import ConfigurationError
from connector.settings import Settings

NAME = "config.example.toml"


def example() -> str:
    """The commented example that documents every key; shipped with the package."""
    here = Path(__file__).parent.parent
    for place in (here / NAME, here.parent / NAME):
        if place.exists():
            return place.read_text("utf-8")
    raise ConfigurationError(
        f"{NAME} is missing.", where=str(here), next_step="Install Consent Mirror again: a file was lost."
    )


def write_config(path: Path, *, portal_id: int | None, token_env: str, api: str | None) -> bool:
    """Write the file where there is none; False where there is one, which is kept as it is."""
    if path.exists():
        return False
    text = example()
    if portal_id is not None:
        text = _with(text, "portal_id", str(portal_id))
    if api is not None:
        text = _with(text, "api", f'"{api}"')
    text = _with(text, "token_env", f'"{token_env}"')
    _create(path, text)
    return True


def name_portal(path: Path, portal_id: int) -> None:
    """Put the token's own portal where the new file still names the example's."""
    path.write_text(_with(path.read_text("utf-8"), "portal_id", str(portal_id)), "utf-8")


def agree(path: Path, settings: Settings, *, portal_id: int | None, api: str | None) -> None:
    """What was said on the command line is what the kept file says; it is changed by nobody but its owner.

    Raises ConfigurationError where it is not.
    """
    said = {"portal_id": portal_id, "api": api and api.rstrip("/")}
    for key, value in said.items():
        if value is not None and value not in {getattr(portal, key) for portal in settings.portals}:
            raise ConfigurationError(
                f"The file is there already and names no portal whose {key} is {value}.",
                where=str(path),
                next_step=f"Correct {key} in it, or leave the option out: what exists is kept.",
            )


def _with(text: str, key: str, value: str) -> str:
    return re.sub(rf"^{key} = .*$", lambda _: f"{key} = {value}", text, count=1, flags=re.MULTILINE)


def _create(path: Path, text: str) -> None:
    """A new file, never over another; 0600, since it names hosts and people's addresses."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(
            f"The configuration cannot be written: {error.strerror}.",
            where=str(path),
            next_step="Choose a folder that you may write to, with --config FILE.",
        ) from None
