"""Plain tables on the screen, JSON lines in a file."""

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def show(title: str, rows: Sequence[tuple[str, Any]], asked: str = "") -> None:
    """One table of names and values."""
    print(f"\n{title}" + (f"   ({asked})" if asked else ""))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"  {name:<{width}}  {_said(value)}")


def append(file: str | None, name: str, figures: Mapping[str, Any]) -> None:
    """One JSON line, where a file was named."""
    if file:
        line = {"bench": name, "python": platform.python_version(), **figures}
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, sort_keys=True) + "\n")


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
