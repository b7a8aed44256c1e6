"""`person show`, `check` and `withdraw`: one person's state, may we send, and a no."""

from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts.links import links_of
from connector.acts.looks import Kind, looked_up, noted_check
from connector.acts.show import check as check_act
from connector.acts.show import show as show_act
from connector.acts.when import moment
from connector.acts.who import purpose_of
from connector.acts.withdraw import No, Withdrawn
from connector.acts.withdraw import withdraw as withdraw_act
from connector.consent.events import SUBJECT, Source
from connector.settings import load
from jobs import output
from jobs.account import look_at
from jobs.options import Globals, Outcome, command

Address = Annotated[str, typer.Argument(help="One e-mail address.", show_default=False)]
PurposeKey = Annotated[str, typer.Option("--purpose", help="The purpose's key in the configuration.")]
MaybePurpose = Annotated[
    str | None, typer.Option("--purpose", help="Only this purpose; without it all marketing.")
]
Door = Annotated[Source, typer.Option("--source", help="By which door the no came in.")]
At = Annotated[
    str | None, typer.Option("--at", help="When: ISO 8601, a local time or a date. Now, where not said.")
]
Actor = Annotated[
    str | None, typer.Option("--actor", help="staff:NAME, where it was not the person's own act.")
]

person = typer.Typer(help="What the mirror knows about one person.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    person.command("show")(show)
    person.command("links")(links)
    app.add_typer(person, name="person")
    app.command("check")(check)
    app.command("withdraw")(withdraw)


@command
def show(wanted: Globals, address: Address) -> Outcome:
    """State, basis, grade and the reason, for each purpose; exit 3 for somebody unknown.

    Example: consent-mirror person show anna@example.com
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        document = show_act(desk, look_at(address))
    return Outcome(document, _person(document), 0 if document["known"] else 3)


@command
def links(wanted: Globals, address: Address) -> Outcome:
    """The person's own links, and the List-Unsubscribe headers for mails that others send.

    Example: consent-mirror person links anna@example.com
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        made = links_of(desk, address)
        looked_up(desk, look_at(address), Kind.LINKS)
    document = made.document()
    lines = [
        f"Preferences    {document['preferences']}",
        f"               shows their choices until {document['preferences_until']}, then only stops",
        f"Unsubscribe    {document['unsubscribe']}",
        "Headers for other senders, both covered by the DKIM signature:",
        *(f"{name}: {value}" for name, value in made.headers.items()),
    ]
    return Outcome(document, Group(*(Text(line) for line in lines)))


def _person(document: dict[str, Any]) -> Group | Text:
    if not document["known"]:
        erased = " They were erased, and are kept from coming back." if "overlay" in document else ""
        return Text(f"Nobody with this address is in the mirror.{erased}")
    rows = [
        (
            each["purpose"],
            each["state"],
            "yes" if each["sendable"] else "no",
            each["reason"],
            each["grade"],
            each["since"],
            each["hubspot"] or "not read",
            "waiting" if each["pending_push"] else "",
        )
        for each in document["purposes"]
    ]
    head = [
        f"Subject {document['subject']}",
        "Addresses " + ", ".join(f"{each['address']} ({each['kind']})" for each in document["addresses"]),
        "HubSpot contacts " + (", ".join(map(str, document["contacts"])) or "none"),
    ]
    if document["overlay"]:
        head.append(f"Overlay {document['overlay']}")
    headings = ("purpose", "state", "may send", "reason", "grade", "since", "HubSpot", "push")
    return Group(*(Text(line) for line in head), output.table(headings, rows))


@command
def check(wanted: Globals, address: Address, purpose: PurposeKey) -> Outcome:
    """May we send this purpose to this address? Default deny: exit 0 yes, 3 no. Noted once a day and user.

    Example: consent-mirror check anna@example.com --purpose newsletter
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        answer = check_act(desk, address, purpose)
        noted_check(desk, look_at(address), purpose)
    document = {"allowed": answer.allowed, "state": answer.state, "reason": answer.reason}
    word = "Yes" if answer.allowed else "No"
    return Outcome(document, Text(f"{word}: {answer.state}, {answer.reason}"), 0 if answer.allowed else 3)


@command
def withdraw(
    wanted: Globals,
    address: Address,
    purpose: MaybePurpose = None,
    source: Door = Source.CLI,
    at: At = None,
    actor: Actor = None,
) -> Outcome:
    """Record a no and push it at once; an unknown address is honoured too.

    Example: consent-mirror withdraw anna@example.com --source phone
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        when = moment(at, desk.zone, desk.clock.now()) if at else None
        no = No(
            purpose=purpose_of(desk.purposes, purpose) if purpose else None,
            source=source,
            t_lo=when.lo if when else None,
            t_hi=when.hi if when else None,
            actor=actor or SUBJECT,
        )
        done = withdraw_act(desk, address, no)
    return Outcome(done.document(), _withdrawn(done))


def _withdrawn(done: Withdrawn) -> Text:
    if done.pending:
        state = f"to HubSpot: {output.many(done.pending, 'write')} to be repeated until HubSpot shows it"
    else:
        state = "HubSpot shows it" if done.confirmed else "nothing to write in HubSpot"
    return Text(f"The no is recorded ({output.many(done.events, 'entry', 'entries')}); {state}.")
