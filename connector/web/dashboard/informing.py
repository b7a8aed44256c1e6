"""Who has to be told that we hold their data, and the letters (Art. 13, 14; `notices`)."""

from typing import Final

from starlette.responses import Response

from connector.acts import mail_out, notices
from connector.acts.notices import Queueing
from connector.consent.notice_text import LACKS, lacks
from connector.errors import ConfigurationError, ConnectorError
from connector.web.dashboard.office import Visit

SHOWN: Final = 50


def overview(visit: Visit) -> Response:
    """Whose month is running out, the longest waiting first; letters that were refused; what texts lack."""
    return _page(visit)


def send(visit: Visit) -> Response:
    """The notice to those who have to be told yet: counted first, sent when the box is ticked."""
    texts = notices.checked(visit.desk, visit.office.lent.notice_texts())
    sure = visit.field("sure") == "yes"
    done = notices.send(
        visit.desk, texts, confirm=sure, limit=_limit(visit), only_alarm=visit.field("alarm") == "yes"
    )
    if not sure:
        return _page(visit, would=done)
    visit.office.lent.post(visit.desk)
    return visit.back("/notices", "notices_sent" if done.queued else "notices_none")


def retry(visit: Visit) -> Response:
    """Every letter anew that the mail server refused."""
    mail_out.retry_parked(visit.desk)
    visit.office.lent.post(visit.desk)
    return visit.back("/notices", "letters_retried")


def _page(visit: Visit, would: Queueing | None = None) -> Response:
    desk = visit.desk
    with desk.mirror.read(desk.portal) as work:
        owed, parked = notices.owed(desk, work), work.mail.parked()
    flaws, unread = _flaws(visit)
    return visit.page(
        "notices",
        owed=owed,
        people=notices.longest_waiting(desk, SHOWN),
        parked=parked,
        flaws=flaws,
        unread=unread,
        would=would,
        mails=desk.mails,
    )


def _flaws(visit: Visit) -> tuple[list[tuple[str, str]] | None, ConnectorError | None]:
    """What the texts of [notices] lack, in the reader's words; None where there is none to check."""
    said, purposes = visit.office.site.settings.controller, visit.desk.purposes
    try:
        texts = visit.office.lent.notice_texts()
    except ConfigurationError as error:
        return None, error
    found = [
        (language, LACKS[each][visit.say.language])
        for language, text in texts.items()
        for each in lacks(text, language, controller=said.name, contact=said.contact, purposes=purposes)
    ]
    return (found if texts else None), None


def _limit(visit: Visit) -> int | None:
    said = visit.field("limit")
    if said and not (said.isdecimal() and int(said[:9]) > 0):
        raise ConfigurationError(
            "That is no number of people.",
            where="limit",
            kind="no_number",
            next_step="Write a number such as 50.",
        )
    return int(said[:9]) if said else None
