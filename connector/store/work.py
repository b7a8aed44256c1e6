"""One unit of work over one portal: its repositories on one connection, in one transaction."""

from connector.store.blobs import Blobs
from connector.store.cases import Cases
from connector.store.checkpoints import Checkpoints
from connector.store.contacts import Contacts
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


class Work:
    """What one transaction can see and change. `users` and the bytes of `blobs` are shared by all portals."""

    def __init__(self, scope: Scope) -> None:
        self.portal = scope.portal
        self.people = People(scope)
        self.contacts = Contacts(scope)
        self.observed = Observed(scope)
        self.log = Log(scope)
        self.states = States(scope)
        self.outbox = Outbox(scope)
        self.mail = Mail(scope)
        self.informed = Informed(scope)
        self.reviews = Reviews(scope)
        self.suppression = Suppression(scope)
        self.requests = Requests(scope)
        self.errands = Errands(scope)
        self.cases = Cases(scope)
        self.links = Links(scope)
        self.signups = Signups(scope)
        self.hints = Hints(scope)
        self.runs = Runs(scope)
        self.due = DueTable(scope)
        self.cursors = Keyed(scope, cursor)
        self.meta = Keyed(scope, meta)
        self.reports = Reports(scope)
        self.users = Users(scope)
        self.sessions = Sessions(scope)
        self.checkpoints = Checkpoints(scope)
        self.blobs = Blobs(scope)
        self.exports = Exports(scope)
        self.moments = Moments(scope)
        self.leaving = Leaving(scope)
        self.grantees = Grantees(scope)
        self.mailed = MailedTable(scope)
