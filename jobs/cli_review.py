"""`review list|show|approve|reject`: what waits for a person."""

from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts.breakers import ask_again
from connector.acts.decide import ERASES, TWO_PEOPLE, Decided, decide, document
from connector.acts.desk import Desk
from connector.acts.reviews import APPROVE, REJECT
from connector.errors import Refused, Stopped
from connector.settings import load
from jobs import output
from jobs.account import account
from jobs.cli_import import roll_forward
from jobs.cli_users import password_of
from jobs.options import Globals, Outcome, command

Number = Annotated[int, typer.Argument(help="The number that `review list` shows.", show_default=False)]
User = Annotated[str | None, typer.Option("--user", help="Who decides; needed where two people must agree.")]
Why = Annotated[str | None, typer.Option("--reason", help="Why, for the log.")]

review = typer.Typer(help="What waits for a person.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    review.command("list")(list_)
    review.command("show")(show)
    review.command("approve")(approve)
    review.command("reject")(reject)
    review.command("breaker")(breaker)
    app.add_typer(review, name="review")


@command
def list_(wanted: Globals) -> Outcome:
    """Open questions, oldest first.

    Example: consent-mirror review list
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk, desk.mirror.read(desk.portal) as work:
        found = [document(each) for each in work.reviews.pending()]
    rows = [(r["id"], r["kind"], r["row"], r["purpose"], r["opened_at"], r["subject"]) for r in found]
    table = output.table(("id", "kind", "row", "purpose", "since", "subject"), rows)
    return Outcome({"reviews": found}, table if found else Text("Nothing waits for a person."))


@command
def show(wanted: Globals, number: Number) -> Outcome:
    """One question with its options.

    Example: consent-mirror review show 3
    """
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk, desk.mirror.read(desk.portal) as work:
        found = work.reviews.get(number)
    if found is None:
        raise Refused(
            "There is no such question.", where="review", next_step="See `consent-mirror review list`."
        )
    shown = document(found)
    lines = [f"{found.kind}, row {found.row}, {found.purpose or 'everything'}", found.question]
    return Outcome(shown, Group(*(Text(line) for line in lines)))


@command
def approve(wanted: Globals, number: Number, user: User = None, reason: Why = None) -> Outcome:
    """Say yes to a question.

    Example: consent-mirror review approve 3 --user anna
    """
    return _decided(wanted, number, APPROVE, user, reason)


@command
def reject(wanted: Globals, number: Number, user: User = None, reason: Why = None) -> Outcome:
    """Say no to a question; a no to the person's yes is the safe answer.

    Example: consent-mirror review reject 3 --reason "spoke with her"
    """
    return _decided(wanted, number, REJECT, user, reason)


@command
def breaker(wanted: Globals) -> Outcome:
    """The question whether an open breaker may close; asked anew where it was answered with no.

    Example: consent-mirror review breaker
    """
    with wiring.opened(load(wanted.config_path), wanted.portal) as desk:
        found = ask_again(desk)
    told = f"{found.id}: {found.question} `review approve {found.id} --user NAME`, by two people."
    return Outcome(document(found), Text(told))


def _decided(wanted: Globals, number: int, answer: str, user: str | None, reason: str | None) -> Outcome:
    settings = load(wanted.config_path)
    with wiring.opened(settings, wanted.portal) as desk:
        name = _who(desk, number, answer, user)
        if answer == APPROVE and _erases(desk, number):
            roll_forward(settings, desk)  # what an interrupted import still holds would outlive the person
        done = decide(desk, number, answer, name, reason)
    shown = document(done.review) | {"decision": done.review.decision, "waiting_for_second": done.waiting}
    return Outcome(shown, _told(done), Stopped.exit_code if done.waiting else 0)


def _erases(desk: Desk, number: int) -> bool:
    with desk.mirror.read(desk.portal) as work:
        found = work.reviews.get(number)
    return found is not None and found.kind in ERASES


def _who(desk: Desk, number: int, answer: str, user: str | None) -> str:
    """A user proves who they are; where one person is enough, the machine's account may decide."""
    with desk.mirror.read(desk.portal) as work:
        found = work.reviews.get(number)
        two = found is not None and found.kind in TWO_PEOPLE and answer == APPROVE
        if user is None and not two:
            return account()
        if user is None:
            raise Stopped(
                "This needs two people.",
                where="review",
                next_step="Say who you are with --user NAME; another follows.",
            )
        if work.users.check(user, password_of(user)) is None:
            raise Refused("Name or password is wrong.", where="--user", next_step="Try again.")
    return user


def _told(done: Decided) -> Text:
    if done.waiting:
        return Text("Approved by one; a second person has to agree.")
    return Text(f"Decided: {done.review.decision}.")
