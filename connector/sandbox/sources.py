"""Free texts in the `source` of a status row.

`API`, `SELF_SERVICE` and `UNSPECIFIED` are HubSpot's own words (hubspot-api, 8.1). The others are ours:
HubSpot documents no list, so the sandbox names the act plainly, and the control API can replace each.
"""

API = "Public status API"
SELF_SERVICE = "Self Service Resubscription"
UNSPECIFIED = "Not specified"
PREFERENCE_PAGE = "Email preferences page"
UNSUBSCRIBE_LINK = "Unsubscribe link in email"
FORM = "Form submission"
DOUBLE_OPT_IN = "Double opt-in confirmation"
UI = "Updated by user in HubSpot"
IMPORT = "Import"
WORKFLOW = "Workflow"
