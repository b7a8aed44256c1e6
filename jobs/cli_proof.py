"""Being written by its owner in this session."""

import typer


def register(app: typer.Typer) -> None:
    """Nothing yet."""
