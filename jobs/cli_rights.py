"""`erase`, `restrict`, `unrestrict`, `hold`, `annul` and `suppression`: what a person may ask for."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import erase as erasing
from connector.acts import holds, suppressed
from connector.acts import rectify as rectifying
from connector.acts.annul import annul as annul_act
from connector.acts.decide import document
from connector.acts.restrict import Restricted
from connector.acts.restrict import restrict as restrict_act
from connector.acts.restrict import unrestrict as unrestrict_act
from connector.errors import Refused, Stopped, Temporary
from connector.settings import load
from jobs import output
from jobs.account import staff
from jobs.cli_import import roll_forward
from jobs.cli_users import proved
from jobs.options import Globals, Outcome, command, remember

Address = Annotated[str, typer.Argument(help="One e-mail address.", show_default=False)]
Why = Annotated[str | None, typer.Option("--reason", help="Why; kept with the person's data, goes with it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the log.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Do it; without it nothing is written.")]
Unlisted = Annotated[
    bool,
    typer.Option(
        "--without-suppression",
        help="The person wants no entry in the suppression list either: nothing keeps them from coming back.",
    ),
]
EventId = Annotated[str, typer.Argument(help="The id of the no.", show_default=False)]
User = Annotated[str, typer.Option("--user", help="Who says so; another one has to agree.")]

Property = Annotated[str | None, typer.Option("--property", help="HubSpot's internal name of the property.")]
NewValue = Annotated[str | None, typer.Option("--value", help="The right value; empty clears it.")]
NewEmail = Annotated[str | None, typer.Option("--email", help="The person's right address.")]

UNLISTED = (
    "0. Tell the person: nothing then keeps an import, a form or another system from bringing them back, and "
    "mail from starting again; say --confirm when they still want it so"
)

hold = typer.Typer(help="Legal hold: overrides erasure and retention.", no_args_is_help=True)
suppression = typer.Typer(help="Who must never be brought back.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("erase")(erase)
    app.command("restrict")(restrict)
    app.command("unrestrict")(unrestrict)
    app.command("annul")(annul)
    app.command("rectify")(rectify)
    hold.command("add")(add)
    hold.command("remove")(remove)
    app.add_typer(hold, name="hold")
    suppression.callback()(overview)
    suppression.command("check")(check)
    app.add_typer(suppression, name="suppression")


@command
def erase(
    wanted: Globals,
    address: Address,
    reason: Why = None,
    confirm: Confirm = False,
    without_suppression: Unlisted = False,
) -> Outcome:
    """Erase a person in HubSpot and here; a dry run unless --confirm.

    Example: consent-mirror erase anna@example.com --confirm
    """
    order = erasing.Order(reason=reason, actor=staff(), suppress=not without_suppression, told=True)
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        if confirm:
            roll_forward(settings, desk)  # what an interrupted import still holds would outlive the person
        done = erasing.erase(desk, address, order) if confirm else erasing.plan(desk, address)
    code = Stopped.exit_code if done.waits and confirm else Temporary.exit_code if done.later else 0
    return Outcome(done.document(), _erased(done, suppress=order.suppress), code)


def _erased(done: erasing.Outcome, *, suppress: bool = True) -> Group:
    lines = [f"Subject {done.subject or 'nobody in the mirror'}: {done.stage}."]
    if done.would is not None:
        lines += [f"  {name.replace('_', ' ')}: {_plain(value)}" for name, value in done.would.items()]
        lines.append(f"  suppressed: {done.suppressed if suppress else UNLISTED}")
        lines.append("Nothing was written. Say --confirm to erase.")
    elif done.waits or done.later:
        lines.append(f"Next step: {done.next_step}")
    if done.pending and done.would is None:
        lines.append(
            f"{done.pending} writes or records wait for HubSpot; the daemon and `sync` go on with it."
        )
    return Group(*(Text(line) for line in lines))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)


@command
def restrict(wanted: Globals, address: Address, reason: Why = None) -> Outcome:
    """Stop all processing but storage (Art. 18); HubSpot is told to stop all mailings.

    Example: consent-mirror restrict anna@example.com --reason "disputes a purchase"
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        done = restrict_act(desk, address, staff(), reason)
    return Outcome(_restricted(done), Text(f"Restricted; {done.pending} writes wait for HubSpot."))


@command
def unrestrict(wanted: Globals, address: Address) -> Outcome:
    """End a restriction, and take back an erasure that has not begun to destroy. No mailing starts by it.

    Example: consent-mirror unrestrict anna@example.com
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        done = unrestrict_act(desk, address, staff())
    return Outcome(_restricted(done), Text("The restriction has ended; what HubSpot was told stays."))


def _restricted(done: Restricted) -> dict[str, Any]:
    return {"subjects": list(done.subjects), "overlay": done.overlay, "pending": done.pending}


@command
def rectify(
    wanted: Globals,
    address: Address,
    name: Property = None,
    value: NewValue = None,
    email: NewEmail = None,
    reason: Why = None,
) -> Outcome:
    """Correct a datum here and in HubSpot, and tell recipients (Art. 16, 19); noes follow a new address.

    Example: consent-mirror rectify anna@example.com --property lastname --value Öberg
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        what = rectifying.Correction(property=name, value=value, email=email)
        done = rectifying.correct(desk, address, what, staff(), reason)
    code = Refused.exit_code if done.refused else 0
    return Outcome(done.document(), Text(_corrected(done)), code)


def _corrected(done: rectifying.Rectified) -> str:
    if done.refused:
        return f"Recorded, but HubSpot will not take it ({done.refused}): correct the record there by hand."
    if done.pending:
        return f"Recorded; {done.pending} records wait for HubSpot, the daemon and `sync` go on with it."
    return "Corrected; HubSpot shows it."


@command
def add(wanted: Globals, address: Address, reason: Reason) -> Outcome:
    """Keep a person's data for a legal claim: nothing erases it until the hold is removed.

    Example: consent-mirror hold add anna@example.com --reason "case T 123-26"
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        done = holds.add_hold(desk, address, reason, staff())
    return Outcome(asdict(done), Text("A legal hold stands."))


@command
def remove(wanted: Globals, address: Address, reason: Reason) -> Outcome:
    """End a legal hold; an erasure that waited for it goes on.

    Example: consent-mirror hold remove anna@example.com --reason "settled"
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        done = holds.remove_hold(desk, address, reason, staff())
    return Outcome(asdict(done), Text("No legal hold stands."))


@command
def annul(wanted: Globals, event: EventId, reason: Reason, user: User) -> Outcome:
    """Undo a no that was recorded by mistake; takes two people (exit 4 until the second agrees).

    Example: consent-mirror annul 0199d4a2c3f07a1b8c2d3e4f5a6b7c8d --reason "wrong Anna" --user bo
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        proved(desk, user)
        done = annul_act(desk, event, reason, user)
    shown = document(done.review) | {"decision": done.review.decision, "waiting_for_second": done.waiting}
    told = "Approved by one; a second person has to agree." if done.waiting else "The no is annulled."
    return Outcome(shown, Text(told), Stopped.exit_code if done.waiting else 0)


@command
def overview(wanted: Globals, context: typer.Context) -> Outcome | None:
    """How many are on the list, by month, and how many are due for a review.

    Example: consent-mirror suppression
    """
    if context.invoked_subcommand is not None:
        remember(wanted)
        return None
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        found = suppressed.overview(desk)
    rows = [(r["month"], r["kind"], r["scope"], r["count"], r["review_month"]) for r in found["by_month"]]
    head = Text(f"{found['count']} entries, {found['review_due']} due for a review")
    table = output.table(("month", "kind", "scope", "entries", "review"), rows)
    return Outcome(found, Group(head, table) if rows else head)


@command
def check(wanted: Globals, address: Address) -> Outcome:
    """Is an address on the list? Yes or no, and nothing else.

    Example: consent-mirror suppression check anna@example.com
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        found = suppressed.check(desk, address)
    return Outcome(found, Text("Yes." if found["suppressed"] else "No."))
