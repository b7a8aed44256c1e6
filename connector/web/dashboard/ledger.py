"""The log and the texts: read by page, checked at the press of a button."""

from itertools import islice
from typing import Final

from starlette.responses import Response

from connector.acts import checkpoint, wording
from connector.acts.in_words import type_word
from connector.acts.invalid_wordings import KIND as INVALIDATE
from connector.acts.invalid_wordings import invalid, to_be_asked
from connector.acts.invalidate import invalidate as invalidate_act
from connector.consent.lint import WORDS as LINT_WORDS
from connector.consent.wordings import WORDING
from connector.web.dashboard.office import Visit

ENTRIES: Final = 100


def log(visit: Visit) -> Response:
    """A page of headers; payloads stay sealed. Without a place: the newest."""
    return _log(visit, None)


def verify(visit: Visit) -> Response:
    """Check every entry, text and checkpoint now."""
    journal = visit.office.journals[visit.desk.portal]
    verdict = checkpoint.verify(journal, payloads=visit.field("payloads") == "yes")
    checkpoint.remember(journal, verdict)
    return _log(visit, checkpoint.document(journal, verdict))


def _log(visit: Visit, verdict: dict[str, object] | None) -> Response:
    after = visit.request.query_params.get("after", "")
    with visit.desk.mirror.read(visit.desk.portal) as work:
        head, last = work.log.head(), work.checkpoints.last()
        start = int(after) if after.isdecimal() and len(after) < 16 else max(0, head.size - ENTRIES)
        headers = work.log.headers(start, ENTRIES)
        verified = work.meta.get(checkpoint.VERIFIED)
    return visit.page(
        "log",
        headers=headers,
        head=head,
        checkpoint=last,
        verified=verified,
        verdict=verdict,
        earlier=max(0, start - ENTRIES) if start else None,
        later=start + ENTRIES if start + ENTRIES < head.size else None,
        type_of=lambda kind: visit.say.texts.get(f"event_{kind}") or type_word(kind, visit.say.language),
    )


def wordings(visit: Visit) -> Response:
    """Every wording and notice that people saw, and what each lacks."""
    said = visit.office.site.settings.controller
    with visit.desk.mirror.read(visit.desk.portal) as work:
        found = wording.every(work)
        flaws = wording.findings(visit.desk, work, said.name, said.languages)
    lacks = {each.hash: len(each.flaws) for each in flaws}
    return visit.page("wordings", wordings=found, lacks=lacks)


def one_wording(visit: Visit) -> Response:
    """One text, byte for byte, where it stood, and what it lacks."""
    seen = wording.one(visit.desk, visit.request.path_params["hash"])
    said = visit.office.site.settings.controller
    with visit.desk.mirror.read(visit.desk.portal) as work:
        found = wording.findings(visit.desk, work, said.name, said.languages)
        ended = invalid(work).get(seen.blob.hash)
        asked = [each for each in work.reviews.pending() if each.kind == INVALIDATE]
    flaws = {flaw for each in found if each.hash == seen.blob.hash for flaw in each.flaws}
    lacks = sorted(LINT_WORDS[flaw][visit.say.language] for flaw in flaws)
    waiting = next((each for each in asked if each.detail.get("wording") == seen.blob.hash), None)
    return visit.page(
        "wording",
        seen=seen,
        text=seen.blob.data.decode("utf-8", "replace"),
        lacks=lacks,
        ended=ended,
        waiting=waiting,
        may_end=seen.blob.kind == WORDING and ended is None,
    )


def invalidate(visit: Visit) -> Response:
    """Every yes on this wording ends, once two people have said so. The box has to be ticked."""
    visit.must_be_ticked()
    prefix = visit.request.path_params["hash"]
    done = invalidate_act(visit.desk, prefix, visit.field("reason"), visit.user.name)
    return visit.back(f"/wordings/{prefix}", "invalidate_waits" if done.waiting else "invalidated")


def reask(visit: Visit) -> Response:
    """Whose yes has expired or was invalidated, and in which mailing they may be asked again."""
    people = to_be_asked(visit.desk)
    shown = list(islice(people, ENTRIES))
    with visit.desk.mirror.read(visit.desk.portal) as work:
        ended = invalid(work)
    return visit.page("reask", people=shown, more=sum(1 for _ in people), ended=ended)
