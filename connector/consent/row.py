"""What a row of the precedence table is, and how rows are tried (consent-domain 4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connector.consent.decision import Decision
from connector.consent.events import EventType
from connector.consent.reasons import why
from connector.consent.situation import Seen, Situation

Answer = Decision | Callable[[Situation], Decision]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: when it applies and what it answers.

    `hubspot`: the words of the table's HubSpot column, None for any of them. `restated` puts a broken clock
    right (rows 39 and 40): the rows after it then decide on the restated situation, and its own entry comes
    first.
    """

    number: int
    hubspot: tuple[Seen, ...] | None
    matches: Callable[[Situation], bool]
    answer: Answer
    restated: Callable[[Situation], Situation] | None = None

    def applies(self, situation: Situation) -> bool:
        """The situation is one of this row's cells, whatever rows come before it."""
        return (self.hubspot is None or situation.status in self.hubspot) and self.matches(situation)

    @property
    def why(self) -> str:
        """The reason in a sentence."""
        return why(self.number)

    def answered(self, situation: Situation) -> Decision:
        """The row's decision, with its number."""
        answer = self.answer if isinstance(self.answer, Decision) else self.answer(situation)
        return answer._replace(row=self.number)


class NoRow(LookupError):
    """No row matched. Cannot happen with the whole table: the tests enumerate it."""


def decide_by(rows: Sequence[Row], situation: Situation) -> Decision:
    """The first row that matches. Raises NoRow where none does."""
    for place, row in enumerate(rows):
        if row.applies(situation):
            if row.restated is None:
                return row.answered(situation)
            return _after_skew(row, rows[place + 1 :], row.restated(situation))
    raise NoRow("no row of the precedence table matches")


def _after_skew(row: Row, later: Sequence[Row], restated: Situation) -> Decision:
    decision = decide_by(later, restated)
    return decision._replace(row=row.number, as_row=decision.row, log=(EventType.CLOCK_SKEW, *decision.log))
