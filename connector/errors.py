"""What can go wrong on purpose: each error says what, where and the next step.

ConnectorError
  ConfigurationError    2   the file, a key, a secret, the command's words
  Refused               3   the answer is no
  Stopped               4   a breaker, or a person is waited for
  Temporary            75   the same command may work later
    HubSpotBusy             HubSpot asked us to wait
    HubSpotUnreachable      no answer, or one that cannot be read
    AmbiguousWrite          a write that may or may not have been applied: read back before repeating
    DatabaseUnavailable
    MailUnavailable
  HubSpotRefused         2   HubSpot said no for good: token, scope, wrong portal
  RequestRejected        1   HubSpot will never accept this one request (parked, told to the operator)
  Interrupted          130   Ctrl-C, or a question at the terminal that was not answered
"""


class ConnectorError(Exception):
    """Raised on purpose: the command line prints problem, place and next step, no traceback.

    `problem`, `where` and `next_step` never hold an address, a token or a reply's text. `kind` names this
    very problem, so that a page can say it in another language; where it is empty the class says enough.
    """

    code = "error"
    exit_code = 1
    worth_retrying = False

    def __init__(self, problem: str, *, next_step: str, where: str = "", kind: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.kind = kind
        self.where = where
        self.next_step = next_step

    def document(self) -> dict[str, dict[str, str]]:
        """The `--json` form (design 1.1)."""
        return {
            "error": {
                "code": self.code,
                "problem": self.problem,
                "where": self.where,
                "next_step": self.next_step,
            }
        }


class ConfigurationError(ConnectorError):
    """The configuration, a secret or the command's words are wrong."""

    code = "configuration"
    exit_code = 2


class Refused(ConnectorError):
    """The answer is no: not allowed, chain broken, not ready, unknown person."""

    code = "refused"
    exit_code = 3


class Stopped(ConnectorError):
    """A breaker is open, or a person has to decide first."""

    code = "stopped"
    exit_code = 4


class Temporary(ConnectorError):
    """EX_TEMPFAIL of sysexits.h: the same command may work in a moment."""

    code = "temporary"
    exit_code = 75
    worth_retrying = True


class HubSpotBusy(Temporary):
    """HubSpot asked us to wait (429, 423, 477) for `wait_s` seconds."""

    code = "hubspot_busy"

    def __init__(self, problem: str, *, wait_s: float, next_step: str, where: str = "") -> None:
        super().__init__(problem, next_step=next_step, where=where)
        self.wait_s = wait_s


class HubSpotUnreachable(Temporary):
    """No answer from HubSpot, or one that cannot be read as HubSpot's."""

    code = "hubspot_unreachable"


class AmbiguousWrite(Temporary):
    """A write whose end is unknown: it may have been applied. Read back before anything is repeated."""

    code = "ambiguous_write"


class DatabaseUnavailable(Temporary):
    """The mirror's database is locked, full or not reachable."""

    code = "database_unavailable"


class MailUnavailable(Temporary):
    """The mail server did not take the mail; it is tried again."""

    code = "mail_unavailable"


class HubSpotRefused(ConnectorError):
    """HubSpot refuses for good until a person changes something: token, scope, plan, portal."""

    code = "hubspot_refused"
    exit_code = 2

    def __init__(
        self, problem: str, *, next_step: str, where: str = "", scopes: tuple[str, ...] = ()
    ) -> None:
        super().__init__(problem, next_step=next_step, where=where)
        self.scopes = scopes


class RequestRejected(ConnectorError):
    """HubSpot will never accept this one request (400, 409, 414): the item is parked, not repeated."""

    code = "request_rejected"

    def __init__(self, problem: str, *, status: int, category: str, next_step: str, where: str = "") -> None:
        super().__init__(problem, next_step=next_step, where=where)
        self.status = status
        self.category = category


class Interrupted(ConnectorError):
    """Somebody pressed Ctrl-C: 128 and the number of SIGINT, as shells count."""

    code = "interrupted"
    exit_code = 130

    def __init__(self) -> None:
        super().__init__(
            "Interrupted.",
            next_step="Run the same command again: what was done stays done and is not repeated.",
        )
