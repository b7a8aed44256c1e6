"""What the faces share: the portal and the rules over it."""

from dataclasses import dataclass

from connector.sandbox.access import Access
from connector.sandbox.contacts import Contacts
from connector.sandbox.forms import Forms
from connector.sandbox.limits import Limits
from connector.sandbox.lists import Lists
from connector.sandbox.portal import Portal
from connector.sandbox.preferences import Preferences


@dataclass(slots=True)
class Rooms:
    """One portal with everything that answers for it."""

    portal: Portal
    contacts: Contacts
    preferences: Preferences
    forms: Forms
    lists: Lists
    access: Access
    limits: Limits
