"""What all who act in a portal besides the API have in common.

Each public method of `stage`, `register` and `machine` is also a control call (`face_control`). A contact is
named by its id or by one of its addresses; `at` is epoch milliseconds or ISO 8601 and backdates the act.
Without it the act happens now.
"""

from connector.sandbox import sources
from connector.sandbox.engine import Engine
from connector.sandbox.events import Actor
from connector.sandbox.portal import Portal
from connector.sandbox.preferences import PublicStatus, Wish
from connector.sandbox.records import Contact
from connector.sandbox.rooms import Rooms
from connector.sandbox.times import parse
from mappings.words import EMAIL

Moment = int | str | None
Who = int | str

COLLEAGUE = Actor(sources.UI, "SOURCE_USER", "CRM_UI", source_id="userId:1002", user=1002)
IMPORT = Actor(sources.IMPORT, "SOURCE_USER", "IMPORT", source_id="import:7", user=1002)


class Actors:
    """Base of the groups below: the portal they act in, one act at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def _rooms(self) -> Rooms:
        self._engine.settle()
        return self._engine.rooms

    @property
    def _portal(self) -> Portal:
        return self._rooms.portal

    def _set(self, wish: Wish, actor: Actor) -> PublicStatus:
        with self._engine.lock:
            return self._rooms.preferences.set(wish, actor)

    def _contact(self, who: Who) -> Contact:
        """The live contact. LookupError when there is none."""
        return self._found(who, archived=False)

    def _found(self, who: Who, *, archived: bool) -> Contact:
        text = str(who)
        found = self._rooms.contacts.find(text, EMAIL if "@" in text else None, archived=archived)
        if found is None:
            raise LookupError(f"no {'archived ' if archived else ''}contact {text}")
        return found


def moment(at: Moment) -> int | None:
    """Milliseconds of a moment; None stays None. ValueError for a text that is no time."""
    if at is None or isinstance(at, int):
        return at
    ms = parse(at)
    if ms is None:
        raise ValueError(f"{at!r} is not a time")
    return ms
