"""The precedence table (consent-domain 4): HubSpot's status x the mirror's state x time, 45 rows.

The rows are data, tried in the order that the table states: 45, 44, 43, 42, 34-35, 36-37, 38, 39-40, 28, 30,
27, 26, 29, 31-33, 41, 1-25. The first match decides and its number is the reason that is stored. Every doubt
resolves to no: nothing here upgrades a status without evidence, and no decision is ever NOT_SPECIFIED.
"""

from typing import Final

from connector.consent import rows_of_context, rows_of_status
from connector.consent.decision import Decision
from connector.consent.row import Row, decide_by
from connector.consent.situation import Situation

ROWS: Final[tuple[Row, ...]] = (*rows_of_context.ROWS, *rows_of_status.ROWS)


def decide(situation: Situation) -> Decision:
    """What to do in this situation. Total and pure: every situation has exactly one row."""
    return decide_by(ROWS, situation)
