"""The job that sends letters to people, through the mail server of the nightly report."""

import structlog

from connector.acts.desk import Desk
from connector.acts.mail_out import Post, Sent, send_letters, totals
from connector.errors import ConnectorError
from connector.settings import Settings
from connector.wiring import server_of
from jobs.reading import Beat, still

log = structlog.get_logger()


def post_of(settings: Settings) -> Post | None:
    """How letters go out; None without a mail server. Raises ConfigurationError for a missing secret."""
    server, sender = server_of(settings), settings.report.from_
    return None if server is None or sender is None else Post(server=server, sender=sender)


def run_post(settings: Settings, desk: Desk, beat: Beat = still) -> Sent:
    """Send what is due. Raises what the mail server as such makes it raise."""
    return send_letters(desk, post_of(settings), beat=beat)


def try_post(settings: Settings, desk: Desk) -> Sent:
    """The same for a command whose own work is something else: trouble with mail is told, not raised."""
    try:
        return run_post(settings, desk)
    except ConnectorError as error:
        log.warning("letters_wait", portal=desk.name, error=error.code, problem=error.problem)
        return Sent(waiting=totals(desk).waiting, trouble=error.code)
