"""A record in full, whatever properties the portal has, and the correction of one of its data (HA 5 and 9).

The mirror itself reads a handful of properties; these calls serve the rights of one person: the access report
(Art. 15) and rectification (Art. 16).
"""

from collections.abc import Mapping, Sequence

from connector.hubspot import families
from connector.hubspot.gateway import Gateway, any_json
from connector.hubspot.wire import whole as wire
from mappings.records import WholeRecord


class WholeCalls(Gateway):
    """The calls about everything that a record holds."""

    def whole_record(
        self, contact_id: int, names: Sequence[str], *, archived: bool = False
    ) -> WholeRecord | None:
        """All values of one record, None where there is none of that id. A merged id answers its winner."""
        body = {"inputs": [{"id": str(contact_id)}], "properties": list(names)}
        query = {"archived": "true" if archived else "false"}
        found = self._ask(families.contacts_batch_read(), wire.records, query=query, body=body)
        return found[0] if found else None

    def correct(self, contact_id: int, values: Mapping[str, str]) -> None:
        """Overwrite properties of one record, by its id. Raises RequestRejected for what HubSpot refuses."""
        if isinstance(contact_id, bool) or not isinstance(contact_id, int) or contact_id <= 0:
            raise ValueError("a contact is corrected by its record id")
        self._ask(families.correct(contact_id), any_json, body={"properties": dict(values)})
