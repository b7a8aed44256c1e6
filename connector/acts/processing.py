"""What the portal and the mirror show for the record of processing (Art. 30). Reads only."""

from collections import Counter
from collections.abc import Sequence

from connector.acts.access import Place, open_files
from connector.acts.desk import Desk
from connector.acts.first_push import CONFIRMED
from connector.errors import ConnectorError
from connector.report.processing import Observed
from connector.report.threats import Known
from connector.store.users import Role


def observed(desk: Desk, places: Sequence[Place]) -> Observed:
    """Counts of the mirror, and where HubSpot keeps the data; HubSpot silent, that stays open."""
    with desk.mirror.read(desk.portal) as work:
        people: Counter[str] = Counter()
        for each in work.states.counts():
            people[each.purpose] += each.count
        known = Known(
            deciders=work.users.at_least(Role.DPO),
            checkpoints=len(work.checkpoints.all()),
            first_push_confirmed=bool(work.meta.get(CONFIRMED)),
            open_files=open_files(places),
        )
        contacts = work.contacts.counts().live
    try:
        account = desk.hubspot.details()
    except ConnectorError:
        return Observed(contacts=contacts, people=people, known=known)
    return Observed(
        hosting=account.hosting,
        account_type=account.account_type,
        contacts=contacts,
        people=people,
        known=known,
    )
