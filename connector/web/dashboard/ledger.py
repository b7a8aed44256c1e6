"""The log and the texts: read by page, checked at the press of a button."""

from typing import Final

from starlette.responses import Response

from connector.acts import checkpoint, wording
from connector.acts.in_words import type_word
from connector.consent.lint import WORDS as LINT_WORDS
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
    flaws = {flaw for each in found if each.hash == seen.blob.hash for flaw in each.flaws}
    lacks = sorted(LINT_WORDS[flaw][visit.say.language] for flaw in flaws)
    return visit.page("wording", seen=seen, text=seen.blob.data.decode("utf-8", "replace"), lacks=lacks)
