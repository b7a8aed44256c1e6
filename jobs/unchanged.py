"""Who was answered as last time: told by a digest of HubSpot's own bytes, before any status is taken apart.

It rests on what `connector/store/answered.py` keeps, and says nothing but that this same answer was compared
with the mirror before, that it told nothing new, and that nothing it was compared with has changed since.
"""

from collections.abc import Mapping, Sequence

from connector.acts.desk import Desk
from connector.store.work import Work
from mappings.records import Answer, Contact, Preferences

Said = Preferences | Answer


class Unchanged:
    """The digests of one reading. `known`: fingerprints of live records that have a person, as they come."""

    def __init__(self, desk: Desk) -> None:
        with desk.mirror.read(desk.portal) as work:
            self._print = work.answered.printer(about(desk))
        self.known: dict[int, bytes] = {}

    def prints(self, contacts: Sequence[Contact], read: Mapping[str, Said]) -> dict[int, bytes]:
        """The digests of those records whose every address was answered and not taken apart yet."""
        answers = {each.address: each for each in read.values() if isinstance(each, Answer)}
        found: dict[int, bytes] = {}
        for contact in contacts:
            theirs = contact.addresses
            whole = [answers[address] for address in theirs if address in answers]
            if len(whole) == len(theirs):
                found[contact.id] = self._print(whole)
        return found

    def same(self, work: Work, contacts: Sequence[Contact], prints: Mapping[int, bytes]) -> set[int]:
        """Records that are as they were, answered as they were; looked up in the transaction that says so."""
        kept = work.answered.of(prints)
        known = {contact.id: self.known.pop(contact.id, None) for contact in contacts}
        return {
            contact.id
            for contact in contacts
            if known[contact.id] == contact.fingerprint
            and contact.id in kept
            and kept[contact.id] == prints[contact.id]
        }


def about(desk: Desk) -> bytes:
    """What answers are read with: under another configuration every answer is looked at again."""
    purposes = sorted(map(repr, desk.purposes))
    own = (sorted(desk.subject_sources), sorted(desk.own_sources), desk.sigma_ms, desk.block_overdue)
    return repr((purposes, own)).encode()
