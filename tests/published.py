"""Tables that a command writes into docs/, between two marks of its own."""

import subprocess
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parent.parent / "docs"


def publish(document: Path, name: str, text: str) -> None:
    """Put `text` between the marks of that name. Raises ValueError where the document has none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = document.read_text("utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{document.name} has no marks for {name}")
    document.write_text(f"{before}{begin}\n{text.rstrip()}\n{end}{after}", "utf-8")


def commit() -> str:
    """What the tree is, in git's words."""
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=DOCS).stdout.strip()
