"""The token's portal is the pinned one, or nothing is read and nothing is written (threat 9)."""

from connector.acts.desk import Desk
from connector.errors import ConfigurationError


def check_portal(desk: Desk, *, urgent: bool = False) -> None:
    """One call, before anything else is asked. Raises ConfigurationError (exit 2)."""
    found = desk.hubspot.details(urgent=urgent).portal_id
    if found != desk.portal:
        raise ConfigurationError(
            f"The token belongs to portal {found}, the configuration names {desk.portal}.",
            where=f"portals.{desk.name}.portal_id",
            kind="wrong_portal",
            next_step="Use the token of the configured portal. Nothing was read and nothing was written.",
        )
