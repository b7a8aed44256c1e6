"""Somebody's own consent receipt by mail: what they said yes to, as they would see it in ours (T7)."""

from connector.acts.desk import Desk
from connector.acts.looks import Look
from connector.acts.mail_out import Letter, Queued, queue, screen
from connector.acts.receipt import Asked, receipt
from connector.acts.who import address_of, users_of
from connector.consent.letters import LetterKind, Stop
from connector.errors import Refused
from connector.proof.paper import pdf
from connector.proof.receipt import Matter, Receipt
from connector.proof.receipt_page import receipt_page
from connector.proof.words import WORDS, named
from connector.report.letters import Attachment, language_of

NAMES = {"sv": "samtyckesunderlag.pdf", "en": "consent-receipt.pdf"}


def send_receipt(desk: Desk, look: Look, language: str | None, *, confirm: bool) -> Queued | Stop | None:
    """Queue it; without `confirm` only say whether it may leave (None: it may).

    The same acts are the same letter, however often this is called. Raises Refused for a stranger, for an
    address that several people use, and where there is nothing to tell.
    """
    normalised = address_of(look.address)
    with desk.mirror.read(desk.portal) as work:
        people = users_of(work, normalised)
        if len(people) != 1:
            raise _not_one(len(people))
        stop = screen(work, LetterKind.RECEIPT, normalised, people[0].id)
    if stop is not None or not confirm:
        return stop
    speak = language_of(language, desk.controller.languages[0])
    asked = Asked(look=look, controller=desk.controller.name, contact=desk.controller.contact, language=speak)
    found = receipt(desk, asked)
    if found is None or not any(matter.acts for matter in found.matters):
        raise Refused(
            "There is no consent to send a receipt of.", kind="no_receipt", next_step="See `person show`."
        )
    data = pdf(receipt_page(found, speak))
    letter = Letter(
        kind=LetterKind.RECEIPT,
        key=f"receipt:{found.subject}:{_last(found)}:{speak}",
        address=look.address.strip(),
        person_id=people[0].id,
        language=speak,
        facts={"items": [_item(matter, speak) for matter in found.matters if matter.acts]},
        attachments=(Attachment(NAMES[speak], "application/pdf", data),),
    )
    with desk.mirror.write(desk.portal) as work:
        return queue(desk, work, letter)


def _not_one(count: int) -> Refused:
    if count:
        return Refused(
            "Several people use this address: a receipt would show one of them what the others said.",
            where="ADDRESS",
            kind="shared",
            next_step="Hand it over in another way: `person receipt --pdf FILE`.",
        )
    return Refused("Nobody with this address is in the mirror.", where="ADDRESS", next_step="Run `sync`.")


def _last(found: Receipt) -> int:
    """The newest act or no that it tells of."""
    acts = [act.event.seq or 0 for matter in found.matters for act in matter.acts]
    return max([*acts, *(no.seq or 0 for matter in found.matters for no in matter.noes)])


def _item(matter: Matter, language: str) -> str:
    return f"{matter.title}: {named(WORDS[language].states, matter.state)}"
