"""`users add|list|remove`: who may decide what; what needs two people needs two of them."""

import os
from contextlib import AbstractContextManager
from typing import Annotated

import typer
from rich.text import Text

from connector import wiring
from connector.acts.desk import Desk
from connector.errors import Refused
from connector.settings import Settings, load
from connector.store.users import Role
from jobs import output
from jobs.options import Globals, Outcome, command

PASSWORD_VARIABLE = "CONSENT_MIRROR_PASSWORD"  # noqa: S105 - the name of a variable
Name = Annotated[str, typer.Argument(help="A short name.", show_default=False)]
Kind = Annotated[Role, typer.Option("--role", help="Each may what the ones before it may.")]

users = typer.Typer(help="Who may decide what.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    users.command("add")(add)
    users.command("list")(list_)
    users.command("remove")(remove)
    app.add_typer(users, name="users")


def password_of(name: str, *, confirm: bool = False) -> str:
    """Asked at the terminal; $CONSENT_MIRROR_PASSWORD where there is none. Never an argument."""
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    return str(typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=confirm, err=True))


def proved(desk: Desk, name: str) -> None:
    """A user proves who they are. Raises Refused."""
    with desk.mirror.read(desk.portal) as work:
        if work.users.check(name, password_of(name)) is None:
            raise Refused("Name or password is wrong.", where="--user", next_step="Try again.")


def _desk(settings: Settings, wanted: Globals) -> AbstractContextManager[Desk]:
    """Users belong to the mirror, so that any portal's desk will do."""
    return wiring.opened(settings, wanted.portal or settings.portals[0].name)


@command
def add(wanted: Globals, name: Name, role: Kind = Role.OPERATOR) -> Outcome:
    """Add a user; the password is asked for (12 characters or more).

    Example: consent-mirror users add anna --role dpo
    """
    settings = load(wanted.config_path)
    with _desk(settings, wanted) as desk:
        secret = password_of(name, confirm=True)
        with desk.mirror.write(desk.portal) as work:
            user = work.users.add(name, role, secret, desk.clock.now())
    return Outcome({"name": user.name, "role": user.role}, Text(f"{user.name} may act as {user.role}."))


@command
def list_(wanted: Globals) -> Outcome:
    """All users.

    Example: consent-mirror users list
    """
    settings = load(wanted.config_path)
    with _desk(settings, wanted) as desk, desk.mirror.read(desk.portal) as work:
        found = work.users.all()
    rows = [(user.name, user.role) for user in found]
    return Outcome({"users": [{"name": n, "role": r} for n, r in rows]}, output.table(("name", "role"), rows))


@command
def remove(wanted: Globals, name: Name) -> Outcome:
    """Remove a user; what they decided stays in the log.

    Example: consent-mirror users remove anna
    """
    settings = load(wanted.config_path)
    with _desk(settings, wanted) as desk, desk.mirror.write(desk.portal) as work:
        if not work.users.remove(name):
            raise Refused(
                "There is no such user.", where="users", next_step="See `consent-mirror users list`."
            )
    return Outcome({"removed": name}, Text(f"{name} is removed."))
