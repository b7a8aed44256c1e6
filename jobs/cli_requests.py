"""`requests`: the desk for the rights of people (Art. 12, 15-21)."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from connector import wiring
from connector.acts import requests as desk_acts
from connector.acts.desk import Desk
from connector.acts.receiving import Received, Via, receive
from connector.acts.requests import Means, Ran
from connector.acts.when import moment
from connector.errors import Stopped, Temporary
from connector.proof.subject_access import portable
from connector.settings import Settings, load
from connector.store.requests import RequestKind, RequestOutcome
from jobs import output
from jobs.account import account, staff
from jobs.cli_access import Out, told_of, written
from jobs.cli_import import roll_forward
from jobs.cli_people import Address
from jobs.cli_receipt import Html, Pdf
from jobs.languages import Speak, spoken
from jobs.options import Globals, Outcome, command, remember
from jobs.post import try_post

Number = Annotated[int, typer.Argument(metavar="ID", help="The number that `requests list` shows.")]
KindOf = Annotated[RequestKind, typer.Option("--kind", help="Which right the person uses.")]
ReceivedAt = Annotated[
    str | None, typer.Option("--received", help="When it came in: a date or ISO 8601. Now, where not said.")
]
Door = Annotated[Via, typer.Option("--via", help="By which door it came in.")]
Doubt = Annotated[bool, typer.Option("--doubt", help="It is not clear that it is they who ask (Art. 12(6)).")]
Note = Annotated[str | None, typer.Option("--note", help="What they wrote; sealed, gone when it is settled.")]
OpenOnly = Annotated[bool, typer.Option("--open", help="Only those that are not settled.")]
DueOnly = Annotated[bool, typer.Option("--due", help="Only those to answer now: from day 20 on.")]
Owner = Annotated[str | None, typer.Option("--owner", help="Who answers for it; you, where not said.")]
Why = Annotated[str, typer.Option("--reason", help="Why; the person is told it.")]
MaybeWhy = Annotated[str | None, typer.Option("--reason", help="Why; the person is told it.")]
HowEnded = Annotated[RequestOutcome, typer.Option("--outcome", help="How it ended.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="For an erasure: do it.")]
Property = Annotated[str | None, typer.Option("--property", help="For a rectification: HubSpot's name.")]
NewValue = Annotated[str | None, typer.Option("--value", help="For a rectification: the right value.")]
NewEmail = Annotated[str | None, typer.Option("--email", help="For a rectification: the right address.")]

requests = typer.Typer(help="The desk: what people ask for, and until when.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    requests.callback()(overview)
    requests.command("list")(list_)
    requests.command("add")(add)
    requests.command("show")(show)
    requests.command("take")(take)
    requests.command("extend")(extend)
    requests.command("verify-identity")(verify_identity)
    requests.command("run")(run)
    requests.command("done")(done)
    app.add_typer(requests, name="requests")


@command
def overview(
    wanted: Globals, context: typer.Context, only_open: OpenOnly = False, only_due: DueOnly = False
) -> Outcome | None:
    """What people have asked for, the soonest due first; nobody is named.

    Example: consent-mirror requests --open
    """
    if context.invoked_subcommand is not None:
        remember(wanted)
        return None
    return _listed(wanted, only_open=only_open, only_due=only_due)


@command
def list_(wanted: Globals, only_open: OpenOnly = False, only_due: DueOnly = False) -> Outcome:
    """The same as `requests` alone.

    Example: consent-mirror requests list --due
    """
    return _listed(wanted, only_open=only_open, only_due=only_due)


def _listed(wanted: Globals, *, only_open: bool, only_due: bool) -> Outcome:
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        rows = desk_acts.listed(desk, only_open=only_open, only_due=only_due)
    return Outcome({"requests": rows}, _table(rows))


def _table(rows: list[dict[str, Any]]) -> RenderableType:
    if not rows:
        return Text("No requests.")
    cells = [
        (
            each["id"],
            each["kind"],
            each["received"],
            each["due"],
            "" if each["days_left"] is None else each["days_left"],
            _state(each),
            each["owner"],
            each["identity"].replace("_", " "),
        )
        for each in rows
    ]
    return output.table(("id", "right", "received", "due", "days left", "state", "owner", "identity"), cells)


def _state(each: dict[str, Any]) -> str:
    if each["settled_at"]:
        return str(each["outcome"])
    if each["overdue"]:
        return "OVERDUE"
    return "ANSWER NOW" if each["alarm"] else "open"


@command
def add(
    wanted: Globals,
    address: Address,
    kind: KindOf,
    received: ReceivedAt = None,
    via: Door = Via.MAIL,
    doubt: Doubt = False,
    note: Note = None,
) -> Outcome:
    """Write a request down. The person is told until when it is answered; what only protects is done at once.

    Example: consent-mirror requests add anna@example.com --kind access --received 2026-11-02 --via letter
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        at = desk.clock.now() if received is None else moment(received, desk.zone, desk.clock.now()).lo
        new = Received(
            kind=kind, address=address, received_at=at, via=via, by=staff(), doubted=doubt, note=note
        )
        made = receive(desk, new)
        told = desk_acts.document(desk, made)
        try_post(settings, desk)
    return Outcome(told, Text(f"Request {made.id} ({kind}): answer by {told['due']}."))


@command
def show(wanted: Globals, number: Number) -> Outcome:
    """One request, with what the person wrote; the look is noted.

    Example: consent-mirror requests show 7
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        told = desk_acts.shown(desk, number, account())
    return Outcome(told, Group(*(Text(line) for line in _lines(told))))


def _lines(told: dict[str, Any]) -> list[str]:
    plain = {key: value for key, value in told.items() if key not in {"detail", "recipients"}}
    lines = [
        f"{key.replace('_', ' '):<16} {value}" for key, value in plain.items() if value not in (None, "")
    ]
    lines += [f"{key:<16} {value}" for key, value in told["detail"].items()]
    for each in told["recipients"]:
        at = each["confirmed_at"] or f"not confirmed, {each['tries']} tries"
        lines.append(f"recipient        {each['recipient']}: {at}")
    return lines


@command
def take(wanted: Globals, number: Number, owner: Owner = None) -> Outcome:
    """Say who answers for a request.

    Example: consent-mirror requests take 7 --owner dora
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        told = desk_acts.document(desk, desk_acts.take(desk, number, owner or account()))
    return Outcome(told, Text(f"Request {number} is {told['owner']}'s."))


@command
def extend(wanted: Globals, number: Number, reason: Why) -> Outcome:
    """Two months more for a complex request, told within the first month (Art. 12(3)).

    Example: consent-mirror requests extend 7 --reason "three archives have to be searched"
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        told = desk_acts.document(desk, desk_acts.extend(desk, number, reason, staff()))
        mailed = desk.mails
        try_post(settings, desk)
    hint = "" if mailed else " There is no mail server: tell the person yourself, within the first month."
    return Outcome(told, Text(f"Request {number}: answer by {told['due']}.{hint}"))


@command
def verify_identity(wanted: Globals, number: Number) -> Outcome:
    """It is they who ask: what waited for this may be carried out.

    Example: consent-mirror requests verify-identity 7
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        told = desk_acts.document(desk, desk_acts.verify_identity(desk, number, staff()))
    return Outcome(told, Text(f"Request {number}: identity verified."))


@command
def run(
    wanted: Globals,
    number: Number,
    confirm: Confirm = False,
    name: Property = None,
    value: NewValue = None,
    email: NewEmail = None,
    out: Out = None,
    pdf: Pdf = None,
    html: Html = None,
    language: Speak = None,
) -> Outcome:
    """Carry a request out, as the command of its right does: an erasure needs --confirm, access a file.

    Example: consent-mirror requests run 7 --pdf anna.pdf
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        means = Means(
            by=staff(),
            controller=settings.controller.name,
            contact=settings.controller.contact,
            language=spoken(settings, language),
            user=account(),
            confirm=confirm,
            property=name,
            value=value,
            email=email,
        )
        if confirm:
            roll_forward(settings, desk)  # what an interrupted import still holds would outlive the person
        ran = desk_acts.run(desk, number, means)
        told = _ran(desk, ran) | _files(desk, ran, out=out, pdf=pdf, html=html)
        try_post(settings, desk)
    code = Stopped.exit_code if ran.waits else Temporary.exit_code if ran.later else 0
    return Outcome(told, _told(ran, told), code)


def _ran(desk: Desk, ran: Ran) -> dict[str, Any]:
    head = desk_acts.document(desk, ran.request)
    told: dict[str, Any] = head | {"stage": ran.stage, "carried_out": ran.done, "act": dict(ran.detail)}
    if ran.report is not None:
        is_copy = ran.request.kind is RequestKind.PORTABILITY
        told["report"] = portable(ran.report) if is_copy else told_of(ran.report)
    return told


def _files(desk: Desk, ran: Ran, *, out: Path | None, pdf: Path | None, html: Path | None) -> dict[str, Any]:
    if ran.report is None:
        return {}
    is_copy = ran.request.kind is RequestKind.PORTABILITY
    told = portable(ran.report) if is_copy else told_of(ran.report)
    return written(desk, ran.report, told, out=out, pdf=pdf, html=html)


def _told(ran: Ran, told: dict[str, Any]) -> Group:
    number = ran.request.id
    lines = [f"Request {number} ({ran.request.kind}): {ran.stage}."]
    lines += [f"{kind.upper()}  {path}" for kind, path in told.get("files", {}).items()]
    if ran.report is not None:
        lines.append(f"Hand it over, then say `consent-mirror requests done {number} --outcome granted`.")
    elif ran.done:
        lines.append("It is settled; its personal data is gone, the header stays.")
    elif ran.stage == "dry run":
        lines.append("Nothing was written. Say --confirm to erase.")
    elif next_step := ran.detail.get("next_step"):
        lines.append(f"Next step: {next_step}")
    return Group(*(Text(line) for line in lines))


@command
def done(wanted: Globals, number: Number, outcome: HowEnded, reason: MaybeWhy = None) -> Outcome:
    """The request is answered: the person is told, its personal data goes, the header stays.

    Example: consent-mirror requests done 7 --outcome refused --reason "we keep the invoice by law"
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        told = desk_acts.document(desk, desk_acts.finish(desk, number, outcome, reason, staff()))
        try_post(settings, desk)
    return Outcome(told, Text(_ended(settings, told)))


def _ended(settings: Settings, told: dict[str, Any]) -> str:
    mailed = bool(settings.report.smtp_host and settings.report.from_)
    hint = "" if mailed else " No mail server is configured: tell the person yourself."
    lifted = ""
    if told["outcome"] == RequestOutcome.REFUSED and told["kind"] in {"erasure", "restriction"}:
        lifted = " The restriction that began with it stands until `unrestrict`."
    return f"Request {told['id']}: {told['outcome']}.{lifted}{hint}"
