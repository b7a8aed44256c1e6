"""Which rooms hold each command; a room is imported when one of its commands is asked for.

All of them together are 1,600 modules and 20 MiB, the web part, procrastinate and the sandbox among them; a
`check` in somebody's script shall not wait for those, nor a backfill of a million people hold them.
"""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

#: In the order of `--help`. Several rooms: a group that each of them adds to.
ROOMS: Final[dict[str, tuple[str, ...]]] = {
    "init": ("cli_setup",),
    "doctor": ("cli_setup",),
    "inventory": ("cli_inventory",),
    "backfill": ("cli_portal",),
    "sync": ("cli_portal",),
    "daemon": ("cli_run",),
    "serve": ("cli_run",),
    "check": ("cli_people",),
    "withdraw": ("cli_people",),
    "record": ("cli_proof",),
    "record-file": ("cli_proof",),
    "gaps": ("cli_proof",),
    "erase": ("cli_rights",),
    "restrict": ("cli_rights",),
    "unrestrict": ("cli_rights",),
    "annul": ("cli_rights",),
    "rectify": ("cli_rights",),
    "audience": ("cli_audience",),
    "import": ("cli_import",),
    "report": ("cli_report",),
    "status": ("cli_report",),
    "backup": ("cli_backup",),
    "restore": ("cli_backup",),
    "worker": ("cli_fleet",),
    "migrate-database": ("cli_migrate",),
    "processing": ("cli_processing",),
    "sandbox": ("cli_try",),
    "demo": ("cli_try",),
    "person": ("cli_people", "cli_receipt", "cli_access"),
    "wording": ("cli_proof",),
    "notices": ("cli_notices",),
    "hold": ("cli_rights",),
    "suppression": ("cli_rights",),
    "retention": ("cli_retention",),
    "exports": ("cli_exports",),
    "requests": ("cli_requests",),
    "review": ("cli_review",),
    "log": ("cli_log",),
    "fleet": ("cli_fleet",),
    "users": ("cli_users",),
    "access": ("cli_reach",),
}


class Commands(MutableMapping[str, Any]):
    """Name -> command, made when it is looked at."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = made(ROOMS[name])[name]
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(ROOMS)

    def __len__(self) -> int:
        return len(ROOMS)


class Lazy(TyperGroup):
    """The group at the top."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.commands = Commands()


def made(rooms: tuple[str, ...]) -> MutableMapping[str, Any]:
    """All commands of these rooms, by name."""
    app = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)
    for room in rooms:
        import_module(f"jobs.{room}").register(app)
    return typer.main.get_group(app).commands
