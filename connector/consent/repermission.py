"""Whom of an old register one may ask again by mail (consent-domain 2, T3).

A mail that asks for consent is itself direct marketing (ePrivacy 13, MFL 19 §): it may go only to those whom
one may mail already, as part of a mailing that they get. Others are asked when they come by themselves.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from connector.consent.sendable import Answer, Reason


class Ask(StrEnum):
    """May we ask, and why (not)."""

    IN_LAWFUL_MAILING = "in_a_mailing_they_get"  # another purpose lets us write: the question goes with that
    SAID_NO = "said_no"
    RESTRICTED = "restricted"
    NOT_READ = "not_read_in_hubspot"
    WAITING = "waiting_for_review"
    CONFIRMATION_SENT = "confirmation_already_sent"  # a reminder would be a second one
    ASKING_IS_MARKETING = "asking_is_marketing"  # nothing lets us write


class Verdict(NamedTuple):
    """`via`: the purpose whose mailing may carry the question."""

    ask: Ask
    via: str | None = None

    @property
    def may(self) -> bool:
        """By mail."""
        return self.ask is Ask.IN_LAWFUL_MAILING


#: A no that reaches further than its purpose, or stands for this one.
NOES: Final = frozenset(
    {
        Reason.WITHDRAWN,
        Reason.OPTED_OUT,
        Reason.OPTED_OUT_OF_ALL,
        Reason.SHARED_NO,
        Reason.SUPPRESSED,
        Reason.ERASED,
    }
)
OBSTACLES: Final[Mapping[Reason, Ask]] = {
    Reason.RESTRICTED: Ask.RESTRICTED,
    Reason.NOT_READ: Ask.NOT_READ,
    Reason.UNKNOWN_VALUE: Ask.NOT_READ,
    Reason.NOTICE_OVERDUE: Ask.ASKING_IS_MARKETING,
    Reason.REVIEW: Ask.WAITING,
}


def may_ask(answer: Answer, others: Mapping[str, Answer], *, pending: bool) -> Verdict:
    """May this person be asked by mail for a purpose that lacks its proof?

    `answer`: may they be mailed for it. `others`: the same for every other marketing purpose. `pending`: a
    confirmation mail has left. A no to the purpose is an answer to the question too.
    """
    if answer.reason in NOES:
        return Verdict(Ask.SAID_NO)
    if answer.reason in OBSTACLES:
        return Verdict(OBSTACLES[answer.reason])
    if pending:
        return Verdict(Ask.CONFIRMATION_SENT)
    via = next((key for key, each in others.items() if each.allowed), None)
    return Verdict(Ask.ASKING_IS_MARKETING) if via is None else Verdict(Ask.IN_LAWFUL_MAILING, via)
