"""One unit of work over one portal: its repositories on one connection, in one transaction."""

from collections.abc import Callable
from typing import Generic, TypeVar

from connector.store.answered import Answered
from connector.store.blobs import Blobs
from connector.store.cases import Cases
from connector.store.checkpoints import Checkpoints
from connector.store.contacts import Contacts
from connector.store.coverage import Ages
from connector.store.due import DueTable
from connector.store.errands import Errands
from connector.store.exports import Exports
from connector.store.grantees import Grantees
from connector.store.hints import Hints
from connector.store.informed import Informed
from connector.store.keyed import Keyed
from connector.store.leaving import Leaving
from connector.store.links import Links
from connector.store.log import Log
from connector.store.mail import Mail
from connector.store.mailed import MailedTable
from connector.store.moments import Moments
from connector.store.observed import Observed
from connector.store.outbox import Outbox
from connector.store.people import People
from connector.store.reports import Reports
from connector.store.requests import Requests
from connector.store.reviews import Reviews
from connector.store.runs import Runs
from connector.store.scope import Scope
from connector.store.sessions import Sessions
from connector.store.signups import Signups
from connector.store.states import States
from connector.store.suppression import Suppression
from connector.store.tables import cursor, meta
from connector.store.users import Users

T = TypeVar("T")


class _Room(Generic[T]):
    """A repository, made when it is first asked for: making all of them costs more than most transactions."""

    def __init__(self, make: Callable[[Scope], T]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, work: "Work", owner: type) -> T:
        made = self._make(work.scope)
        work.__dict__[self._name] = made  # found there from now on, before this descriptor
        return made


class Work:
    """What one transaction can see and change. `users` and the bytes of `blobs` are shared by all portals."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.portal = scope.portal

    people = _Room(People)
    contacts = _Room(Contacts)
    ages = _Room(Ages)
    observed = _Room(Observed)
    answered = _Room(Answered)
    log = _Room(Log)
    states = _Room(States)
    outbox = _Room(Outbox)
    mail = _Room(Mail)
    informed = _Room(Informed)
    reviews = _Room(Reviews)
    suppression = _Room(Suppression)
    requests = _Room(Requests)
    errands = _Room(Errands)
    cases = _Room(Cases)
    links = _Room(Links)
    signups = _Room(Signups)
    hints = _Room(Hints)
    runs = _Room(Runs)
    due = _Room(DueTable)
    cursors = _Room(lambda scope: Keyed(scope, cursor))
    meta = _Room(lambda scope: Keyed(scope, meta))
    reports = _Room(Reports)
    users = _Room(Users)
    sessions = _Room(Sessions)
    checkpoints = _Room(Checkpoints)
    blobs = _Room(Blobs)
    exports = _Room(Exports)
    moments = _Room(Moments)
    leaving = _Room(Leaving)
    ending = _Room(lambda scope: Leaving(scope, of_proofs=True))
    grantees = _Room(Grantees)
    mailed = _Room(MailedTable)
