"""Forms, what was sent through them, and the legacy timeline of subscription changes (HA 10 and 11)."""

from typing import Final

from connector.hubspot import families
from connector.hubspot.gateway import Gateway
from connector.hubspot.paging import pages
from connector.hubspot.wire import forms as wire
from mappings.records import FormDefinition, SubmissionPage, TimelinePage

FORMS_PAGE: Final = 100
SUBMISSIONS_PAGE: Final = 50  # HubSpot's largest (HA 11)
TIMELINE_PAGE: Final = 100


class FormCalls(Gateway):
    """The form and timeline calls of one portal."""

    def forms(self) -> tuple[FormDefinition, ...]:
        """All forms as they are now, archived ones left out. Raises HubSpotRefused without the scope."""
        query = {"limit": FORMS_PAGE, "formTypes": "all"}
        every = pages(
            families.forms(),
            lambda after: self._ask(families.forms(), wire.forms_page, query={**query, "after": after}),
        )
        return tuple(form for page in every for form in page)

    def submissions(self, form: str, after: str | None = None) -> SubmissionPage:
        """One page of what was sent through a form, newest first.

        Some kinds of form are refused (RequestRejected, category FORM_TYPE_NOT_ALLOWED; HQ 53).
        """
        return self._ask(
            families.submissions(form),
            lambda body: wire.submission_page(form, body),
            query={"limit": SUBMISSIONS_PAGE, "after": after},
        )

    def timeline(self, start: int, end: int, offset: str | None = None) -> TimelinePage:
        """One page of subscription changes between two times, both included, newest first."""
        query = {"startTimestamp": start, "endTimestamp": end, "limit": TIMELINE_PAGE, "offset": offset}
        return self._ask(families.timeline(), wire.timeline_page, query=query)
