"""The command `consent-mirror` (design 1.1): what is said, how it ends, what a program reads."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import structlog
import typer
from typer.exceptions import TyperException

from connector import clock, logs
from connector.errors import ConfigurationError, ConnectorError, Interrupted
from jobs import output
from jobs.commands import Lazy
from jobs.options import Config, Debug, Globals, Json, PortalName, remember

app = typer.Typer(
    name="consent-mirror",
    cls=Lazy,
    help="A local, provable mirror of consent beside HubSpot.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        output.stdout().print(version("consent-mirror"))
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
]


@app.callback()
def everywhere(
    config: Config = None,
    portal_name: PortalName = None,
    as_json: Json = False,
    debug: Debug = False,
    shown: Version = False,
) -> None:
    """Options that hold for every command."""
    del shown  # its callback has answered
    remember(Globals(config, portal_name, as_json, debug))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    logs.configure()
    sys.exit(run(words))


def run(words: list[str]) -> int:
    """Run one command; every end is one of the contract's exit codes."""
    as_json, debug = "--json" in words, "--debug" in words
    remember(Globals())
    try:
        code = typer.main.get_command(app).main(words, prog_name="consent-mirror", standalone_mode=False)
    except TyperException as error:
        return _told(_usage(error), as_json=as_json)
    except (typer.Abort, KeyboardInterrupt):
        code = Interrupted.exit_code
    except ConnectorError as error:
        return _told(error, as_json=as_json)
    except BrokenPipeError:
        return 0
    except Exception as error:
        if debug:
            raise
        return _defect(error, as_json=as_json)
    if code == Interrupted.exit_code:  # Typer itself answers so where Ctrl-C was pressed within a command
        return _told(Interrupted(), as_json=as_json)
    return code if isinstance(code, int) else 0


def _usage(error: TyperException) -> ConfigurationError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "consent-mirror"
    problem = error.format_message() or "Which command?"  # words that end at a group have had its help shown
    return ConfigurationError(problem, where=command, next_step=f"See `{command} --help`.")


def _told(error: ConnectorError, *, as_json: bool) -> int:
    output.show_error(error, as_json=as_json)
    return error.exit_code


def _defect(error: Exception, *, as_json: bool) -> int:
    """Our own fault: a report id that the log carries too, no traceback, exit 1."""
    report_id = clock.new_id(clock.SystemClock(), clock.SystemChance())
    structlog.get_logger().error("defect", report_id=report_id, kind=type(error).__name__, exc_info=error)
    problem = f"A defect of ours ({type(error).__name__})."
    next_step = f"Run it again with --debug, or report it with the id {report_id}."
    if as_json:
        body = {"code": "defect", "problem": problem, "where": "", "next_step": next_step}
        output.write_json({"error": {**body, "report_id": report_id}})
    output.stderr().print(f"{problem} {next_step}", markup=False)
    return 1
