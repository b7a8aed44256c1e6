"""Contact properties: which exist, what they hold, which a client may write (hubspot-api, 5 and 9)."""

from collections.abc import Callable, Iterable
from typing import Any

from connector.sandbox.records import Contact, SubscriptionType
from connector.sandbox.times import iso
from mappings import words

Definition = dict[str, Any]

PROCESSING_BASES = (
    "Legitimate interest – prospect/lead",
    "Legitimate interest – existing customer",
    "Legitimate interest - other",
    "Performance of a contract",
    "Freely given consent from contact",
    "Not applicable",
)
#: Answered when a client asks for none (HA 5).
DEFAULTS = ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname")
CONTACT, GDPR, EMAIL = "contactinformation", "contactlcs", "emailinformation"

Row = tuple[str, str, str, str, bool, str]  # name, label, type, fieldType, read only, group
_TABLE: tuple[Row, ...] = (
    ("email", "Email", "string", "text", False, CONTACT),
    ("firstname", "First Name", "string", "text", False, CONTACT),
    ("lastname", "Last Name", "string", "text", False, CONTACT),
    ("phone", "Phone Number", "string", "phonenumber", False, CONTACT),
    ("mobilephone", "Mobile Phone Number", "string", "phonenumber", False, CONTACT),
    ("city", "City", "string", "text", False, CONTACT),
    ("country", "Country/Region", "string", "text", False, CONTACT),
    ("company", "Company Name", "string", "text", False, CONTACT),
    ("jobtitle", "Job Title", "string", "text", False, CONTACT),
    ("hs_language", "Preferred language", "enumeration", "select", False, CONTACT),
    ("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", False, CONTACT),
    (
        "hs_legal_basis",
        "Legal basis for processing contact's data",
        "enumeration",
        "checkbox",
        False,
        CONTACT,
    ),
    ("hs_object_id", "Record ID", "number", "number", True, CONTACT),
    ("createdate", "Create Date", "datetime", "date", True, CONTACT),
    ("lastmodifieddate", "Last Modified Date", "datetime", "date", True, CONTACT),
    ("hs_additional_emails", "Additional email addresses", "enumeration", "checkbox", True, CONTACT),
    ("hs_email_domain", "Email Domain", "string", "text", True, CONTACT),
    ("hs_is_contact", "Is a contact", "bool", "booleancheckbox", True, CONTACT),
    ("hs_all_contact_vids", "All vids for a contact", "enumeration", "checkbox", True, CONTACT),
    ("hs_merged_object_ids", "Merged record IDs", "enumeration", "checkbox", True, CONTACT),
    (
        "hs_calculated_merged_vids",
        "Merged vids with timestamps of a contact",
        "enumeration",
        "checkbox",
        True,
        CONTACT,
    ),
    ("hs_object_source", "Record creation source ID", "string", "text", True, CONTACT),
    ("hs_object_source_label", "Record source", "enumeration", "select", True, CONTACT),
    ("hs_object_source_id", "Record source ID", "string", "text", True, CONTACT),
    ("hs_object_source_user_id", "Record source user ID", "number", "number", True, CONTACT),
    ("hs_marketable_status", "Marketing contact status", "enumeration", "select", True, CONTACT),
    ("recent_conversion_date", "Recent Conversion Date", "datetime", "date", True, CONTACT),
    ("recent_conversion_event_name", "Recent Conversion", "string", "text", True, CONTACT),
    ("num_conversion_events", "Number of Form Submissions", "number", "number", True, CONTACT),
    ("hs_emailconfirmationstatus", "Email Confirmation Status", "enumeration", "select", True, EMAIL),
    ("hs_email_optout", "Unsubscribed from all email", "bool", "booleancheckbox", True, EMAIL),
    ("hs_email_hard_bounce_reason", "Email hard bounce reason", "string", "text", True, EMAIL),
    ("hs_email_hard_bounce_reason_enum", "Email hard bounce reason", "enumeration", "select", True, EMAIL),
    ("hs_email_quarantined", "Email address quarantined", "bool", "booleancheckbox", True, EMAIL),
    ("hs_email_quarantined_reason", "Email quarantine reason", "enumeration", "select", True, EMAIL),
    ("hs_email_bad_address", "Invalid email address", "bool", "booleancheckbox", True, EMAIL),
    ("hs_email_is_ineligible", "Is globally ineligible", "bool", "booleancheckbox", True, EMAIL),
    ("hs_email_first_send_date", "First marketing email send date", "datetime", "date", True, EMAIL),
    ("hs_email_last_send_date", "Last marketing email send date", "datetime", "date", True, EMAIL),
    ("hs_email_last_open_date", "Last marketing email open date", "datetime", "date", True, EMAIL),
    ("hs_email_last_click_date", "Last marketing email click date", "datetime", "date", True, EMAIL),
    ("hs_analytics_last_timestamp", "Time Last Seen", "datetime", "date", True, CONTACT),
    ("notes_last_contacted", "Last Contacted", "datetime", "date", True, CONTACT),
    ("hs_email_last_email_name", "Last marketing email name", "string", "text", True, EMAIL),
)
_HIDDEN = frozenset({"hs_is_contact", "hs_email_is_ineligible"})


def _vids(contact: Contact) -> str:
    return ";".join(map(str, (contact.id, *(lost for lost, _ in contact.merged))))


def _joined(items: Iterable[object]) -> str | None:
    return ";".join(map(str, items)) or None


#: Values that follow from the record and cannot be written. Opt-outs follow from the address: see `portal`.
DERIVED: dict[str, Callable[[Contact], str | None]] = {
    "hs_object_id": lambda c: str(c.id),
    "createdate": lambda c: iso(c.created),
    "lastmodifieddate": lambda c: iso(c.modified),
    "hs_additional_emails": lambda c: _joined(c.additional),
    "hs_email_domain": lambda c: c.email.rpartition("@")[2].lower() if c.email else None,
    "hs_is_contact": lambda c: "true",
    "hs_all_contact_vids": _vids,
    "hs_merged_object_ids": lambda c: _joined(lost for lost, _ in c.merged),
    "hs_calculated_merged_vids": lambda c: _joined(f"{lost}:{at}" for lost, at in c.merged),
}


def standard(created: int) -> dict[str, Definition]:
    """HubSpot's own properties as the properties API shows them."""
    return {row[0]: _definition(row, created) for row in _TABLE}


def opt_out_of(kind: SubscriptionType) -> Definition:
    """The property that each subscription type brings along (HA 9)."""
    label = f"Opted out of email: {kind.name}"
    name = f"{words.OPTED_OUT_OF}{kind.id}"
    return _definition((name, label, "enumeration", "booleancheckbox", True, EMAIL), kind.created)


def custom(document: dict[str, Any], created: int) -> Definition:
    """A property made through the API."""
    row = (document["name"], document["label"], document["type"], document["fieldType"], False)
    made = _definition((*row, document["groupName"]), created)
    made |= {
        k: document[k]
        for k in ("description", "options", "hidden", "formField", "displayOrder")
        if k in document
    }
    made["hasUniqueValue"] = bool(document.get("hasUniqueValue", False))
    made["hubspotDefined"] = False
    made["modificationMetadata"] = _metadata(read_only=False, archivable=True)
    return made


def group(name: str, label: str, order: int = 0) -> Definition:
    return {"name": name, "label": label, "displayOrder": order, "archived": False}


def _definition(row: Row, created: int) -> Definition:
    name, label, kind, field, read_only, group_name = row
    return {
        "name": name,
        "label": label,
        "type": kind,
        "fieldType": field,
        "description": label,
        "groupName": group_name,
        "options": _options(name, kind),
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": False,
        "hasUniqueValue": name == "email",
        "hidden": name in _HIDDEN,
        "hubspotDefined": True,
        "formField": not read_only,
        "archived": False,
        "dataSensitivity": "non_sensitive",
        "createdAt": iso(created),
        "updatedAt": iso(created),
        "modificationMetadata": _metadata(read_only=read_only, archivable=False),
    }


def _metadata(*, read_only: bool, archivable: bool) -> dict[str, bool]:
    return {"archivable": archivable, "readOnlyDefinition": not archivable, "readOnlyValue": read_only}


def _options(name: str, kind: str) -> list[dict[str, Any]]:
    values: tuple[str, ...] = ()
    if name == words.PROCESSING_BASIS:
        values = PROCESSING_BASES
    elif kind == "bool" or name.startswith(words.OPTED_OUT_OF):
        values = ("true", "false")
    return [
        {"label": value, "value": value, "displayOrder": place, "hidden": False}
        for place, value in enumerate(values)
    ]
