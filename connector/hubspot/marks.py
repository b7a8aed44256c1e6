"""A contact property of our own: made once, read and written by record id in batches (HA 5 and 9)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from connector.hubspot import families
from connector.hubspot.contacts import PAGE
from connector.hubspot.gateway import Gateway, any_json
from connector.hubspot.wire import whole as wire
from mappings.records import WholeRecord

GROUP: Final = "contactinformation"  # every portal has it


class PropertyItem(msgspec.Struct, rename="camel"):
    """What tells whether a text fits."""

    type: str
    hubspot_defined: bool = False


PROPERTY: Final = msgspec.json.Decoder(PropertyItem)


class MarkCalls(Gateway):
    """The calls about a property that we fill."""

    def holds_text(self, name: str) -> bool | None:
        """Whether a contact property is somebody's own text; None where there is no such property."""
        return self._find(families.one_property(name), _holds_text)

    def create_text(self, name: str, label: str, description: str) -> None:
        """Make a text property. It is in no form: nobody fills in somebody else's value."""
        body = {
            "name": name,
            "label": label,
            "description": description,
            "groupName": GROUP,
            "type": "string",
            "fieldType": "text",
            "formField": False,
        }
        self._ask(families.new_property(), any_json, body=body)

    def records(self, contact_ids: Sequence[int], names: Sequence[str]) -> tuple[WholeRecord, ...]:
        """Up to 100 records with these properties; those that HubSpot did not find are left out."""
        body = {"inputs": _inputs(contact_ids), "properties": list(names)}
        return self._ask(families.contacts_batch_read(), wire.records, query={"archived": "false"}, body=body)

    def write_property(self, name: str, values: Mapping[int, str]) -> frozenset[int]:
        """Write one property of up to 100 records, by id; the ids that HubSpot shows with the new value.

        A 207 has those that failed beside those that went well: only a result that carries the value counts.
        """
        inputs: list[dict[str, Any]] = _inputs(values)
        body = {"inputs": [{**each, "properties": {name: values[int(each["id"])]}} for each in inputs]}
        shown = self._ask(families.contacts_batch_update(), wire.records, body=body)
        return frozenset(each.id for each in shown if each.values.get(name) == values.get(each.id))


def _holds_text(body: bytes) -> bool:
    found = PROPERTY.decode(body)
    return found.type == "string" and not found.hubspot_defined


def _inputs(contact_ids: Sequence[int] | Mapping[int, str]) -> list[dict[str, Any]]:
    if len(contact_ids) > PAGE or any(each <= 0 for each in contact_ids):
        raise ValueError("at most 100 record ids")
    return [{"id": str(each)} for each in contact_ids]
