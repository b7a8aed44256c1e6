"""What a person asks for at their page: a copy of their data, or its erasure, filed for the desk.

A link shows that somebody has a mail, not who they are: a forwarded one must destroy and hand out nothing.
So such a request is filed with its identity in doubt, and a person at the desk looks.
"""

from connector.acts.desk import Desk
from connector.acts.links import Ticket, bearer
from connector.acts.mail_out import Letter, queue
from connector.acts.who import users_of
from connector.consent.calendar import answer_due
from connector.consent.letters import LetterKind
from connector.store.requests import Identity, NewRequest, RequestKind
from connector.store.work import Work

VIA = "page"


def ask_right(desk: Desk, work: Work, ticket: Ticket, kind: RequestKind, language: str, at: int) -> int:
    """File it in the caller's transaction; when it is answered at the latest, in ms UTC. One that is open is
    not filed twice. For an address that nobody has nothing is filed, and the page says the same."""
    due = answer_due(at, desk.zone)
    found = bearer(work, ticket)
    people = users_of(work, found.normalised) if found else []
    if found is None or not people:
        return due
    person = people[0]
    if any(each.kind is kind and each.settled_at is None for each in work.requests.of_person(person.id)):
        return due
    made = work.requests.add(
        NewRequest(
            kind=kind,
            address=found.original,
            received_at=at,
            due_at=due,
            via=VIA,
            opened_by="subject",
            identity=Identity.DOUBTED,
            person_id=person.id,
        ),
        at,
    )
    letter = Letter(
        kind=LetterKind.REQUEST_RECEIVED,
        key=f"request:{made.id}:received",
        address=found.original,
        person_id=person.id,
        language=language,
        facts={"right": str(kind), "received": at, "due": due},
    )
    queue(desk, work, letter)
    return due
