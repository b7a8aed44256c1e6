"""A page on paper: as one HTML file that needs nothing else, and as PDF/A set in a child process."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from connector.errors import ConnectorError, Refused
from connector.proof.page import Page

CHILD: Final = Path(__file__).with_name("typesetting.py")
TEMPLATE: Final = Path(__file__).with_name("templates") / "receipt.typ"
LIMIT_S: Final = 60.0
#: All that the child sees of the environment: no token, no password.
PASSED_ON: Final = ("PATH", "HOME", "TMPDIR", "SYSTEMROOT")
_UNSHOWN: Final = 3  # the child's exit code for a sign that no font has


class NotSet(ConnectorError):
    """The PDF could not be set."""

    code = "pdf"


def html(page: Page) -> str:
    """The page for a browser; scripts and foreign addresses: none."""
    return _environment().get_template("receipt.html.j2").render(page=page)


def pdf(page: Page, *, limit_s: float = LIMIT_S) -> bytes:
    """The page as PDF/A-2a; the same page gives the same bytes.

    Raises Refused where a sign of it is in no font (PDF/A forbids such a file), NotSet where setting failed.
    """
    told = json.dumps({"page": _plain(page), "template": TEMPLATE.read_text("utf-8"), "at": page.at})
    try:
        done = subprocess.run(  # noqa: S603 - our own file, run by our own interpreter, no shell
            [sys.executable, "-I", str(CHILD)],
            input=told.encode(),
            capture_output=True,
            timeout=limit_s,
            check=False,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        )
    except (OSError, subprocess.TimeoutExpired):
        raise _not_set("it took too long or could not start") from None
    if done.returncode == _UNSHOWN:
        raise Refused(
            "A sign of the text is in no font of this machine, and PDF/A forbids to leave it out.",
            kind="no_font",
            next_step="Use --html, or install a font with that script.",
        )
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise _not_set(f"the typesetter ended with {done.returncode}")
    return done.stdout


def _not_set(why: str) -> NotSet:
    return NotSet(
        f"The PDF could not be set: {why}.",
        kind="pdf_not_set",
        next_step="Use --html, which needs no typesetter.",
    )


def _plain(page: Page) -> dict[str, Any]:
    return {
        "language": page.language,
        "title": page.title,
        "author": page.author,
        "blocks": [block.plain() for block in page.blocks],
    }


@cache
def _environment() -> Environment:
    """Everything is escaped; a name that the template asks for and nobody gives is an error."""
    return Environment(
        loader=PackageLoader("connector.proof"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
