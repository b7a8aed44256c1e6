"""Letters to somebody who used a right: received, extended, answered, erased. None without a mail server.

Whether somebody is known is not told: the letter to a stranger reads as the one to anybody else.
"""

from connector.acts.desk import Desk
from connector.acts.mail_out import Letter, queue
from connector.consent.letters import LetterKind
from connector.store.requests import Request, RequestOutcome
from connector.store.work import Work

WEEK_MS = 7 * 86_400_000  # a confirmation that could not be sent in a week is not sent
GRANTED = {
    "sv": "Vi har gjort det du bad om. {reason}",
    "en": "We have done what you asked for. {reason}",
}
REFUSED = {
    "sv": "Vi kan inte göra det du bad om: {reason}\n\nDu kan klaga hos Integritetsskyddsmyndigheten (IMY), "
    "https://www.imy.se, eller vända dig till domstol.",
    "en": "We cannot do what you asked for: {reason}\n\nYou may complain to the Swedish Authority for "
    "Privacy Protection (IMY), https://www.imy.se/en, or go to court.",
}


def tell_received(desk: Desk, work: Work, made: Request, language: str | None = None) -> None:
    """We have it, and answer by then; in the language of the page where it was asked for at one."""
    facts = {"right": str(made.kind), "received": made.received_at, "due": made.due_at}
    _queue(desk, work, made, LetterKind.REQUEST_RECEIVED, facts, language)


def tell_extended(desk: Desk, work: Work, made: Request, reason: str) -> None:
    """Two months more, and why: told within the first month (Art. 12(3))."""
    facts = {"right": str(made.kind), "received": made.received_at, "due": made.due_at, "reason": reason}
    _queue(desk, work, made, LetterKind.REQUEST_EXTENDED, facts)


def tell_answered(desk: Desk, work: Work, made: Request, outcome: RequestOutcome, reason: str | None) -> None:
    """How it ended; a refusal with its reason and where to complain (Art. 12(4))."""
    words = GRANTED if outcome is RequestOutcome.GRANTED else REFUSED
    answer = words[desk.controller.languages[0]].format(reason=reason or "").strip()
    facts = {"right": str(made.kind), "received": made.received_at, "answer": answer}
    _queue(desk, work, made, LetterKind.REQUEST_ANSWERED, facts)


def tell_erased(desk: Desk, work: Work, key: str, address: str, *, suppressed: bool, purging: bool) -> None:
    """The last letter: queued after the person is shredded, so it is nobody's, and gone when it is sent."""
    if not desk.mails:
        return
    now = desk.clock.now()
    letter = Letter(
        kind=LetterKind.ERASURE_DONE,
        key=key,
        address=address,
        facts={"at": now, "suppressed": suppressed, "purging": purging},
        expires_at=now + WEEK_MS,
    )
    queue(desk, work, letter)


def _queue(
    desk: Desk,
    work: Work,
    made: Request,
    kind: LetterKind,
    facts: dict[str, object],
    language: str | None = None,
) -> None:
    if not desk.mails or made.address is None:
        return
    letter = Letter(
        kind=kind,
        key=f"right:{made.id}:{kind}",
        address=made.address,
        person_id=_known(work, made),
        language=language,
        facts=facts,
    )
    queue(desk, work, letter)


def _known(work: Work, made: Request) -> int | None:
    """Under the person's own key where there is one, so that it goes with them."""
    found = None if made.person_id is None else work.people.by_ids([made.person_id]).get(made.person_id)
    return None if found is None or found.overlay == "ERASED" else found.id
