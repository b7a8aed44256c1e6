"""A receipt as a page: every sentence of it, in one language. Pure."""

from collections.abc import Iterator, Mapping

from connector.consent.events import ALL_MARKETING, Event
from connector.consent.retention import parse
from connector.proof import page
from connector.proof.page import Block, Page
from connector.proof.receipt import Act, Gone, Matter, Receipt, Shown
from connector.proof.retention_words import rule_said
from connector.proof.words import WORDS, Words, named


def receipt_page(receipt: Receipt, language: str) -> Page:
    """What a person reads, on screen or paper."""
    words = WORDS[language]
    return Page(
        language=language,
        title=words.texts["title"],
        author=receipt.controller,
        at=receipt.made_at,
        blocks=tuple(_blocks(receipt, words)),
    )


def _blocks(receipt: Receipt, words: Words) -> Iterator[Block]:
    yield page.title(words.texts["title"])
    yield page.para(words.say("intro", controller=receipt.controller))
    yield _head(receipt, words)
    for matter in receipt.matters:
        yield from matter_blocks(matter, receipt.zone, words)
    yield page.heading(words.texts["check"])
    yield page.para(words.texts["check_text"])
    yield _log(receipt, words)


def _head(receipt: Receipt, words: Words) -> Block:
    say = words.texts
    return page.facts(
        [
            (say["controller"], receipt.controller),
            (say["contact"], receipt.contact),
            *(
                (say["person"], f"{address} ({named(words.kinds, kind)})")
                for address, kind in receipt.addresses
            ),
            (say["overlay"], say.get(receipt.overlay or "", receipt.overlay)),
            (say["subject"], receipt.subject),
            (say["portal"], str(receipt.portal)),
            (say["made"], words.moment(receipt.made_at, receipt.zone)),
            (say["made_by"], receipt.made_by),
        ]
    )


def matter_blocks(matter: Matter, zone: str, words: Words) -> Iterator[Block]:
    """One purpose: its state, each yes with the texts that were shown, and every no."""
    say = words.texts
    yield page.heading(matter.title)
    may = words.say("yes" if matter.allowed else "no", reason=named(words.reasons, matter.reason))
    yield page.facts([(say["state"], named(words.states, matter.state)), (say["may"], may)])
    if matter.gone:
        lines = [gone_line(each, zone, words) for each in matter.gone]
        yield page.points(say["gone"], lines, warning=True)
    elif not matter.acts:
        yield page.para(say["no_act"])
    for act in matter.acts:
        yield from _act(act, zone, words)
    rest = {each.id for act in matter.acts for each in act.since}
    if any(each.id not in rest for each in matter.noes):
        yield page.points(say["noes"], [event_line(each, zone, words) for each in matter.noes])


def gone_line(gone: Gone, zone: str, words: Words) -> str:
    """When the proof of an ended consent was destroyed, and by which rule."""
    at, ended = words.moment(gone.at, zone), words.moment(gone.ended, zone)
    rule = rule_said(parse(gone.rule), words.language)
    return words.say("gone_value", at=at, rule=rule, ended=ended, entries=gone.entries)


def _act(act: Act, zone: str, words: Words) -> Iterator[Block]:
    say, event = words.texts, act.event
    decides = f" ({say['decides']})" if act.decides else ""
    yield page.subheading(f"{named(words.types, event.type)}{decides}")
    yield page.facts(_facts(act, zone, words))
    yield from _shown("wording", act.wording, zone, words)
    yield from _shown("notice", act.notice, zone, words)
    if act.since:
        lines = [event_line(each, zone, words) for each in act.since]
        yield page.points(say["since"], lines, warning=True)
    else:
        yield page.para(say["nothing_since"])
    if act.gaps:
        yield page.points(say["gaps"], [words.gaps[gap] for gap in act.gaps], warning=True)
    else:
        yield page.para(say["no_gaps"])


def _facts(act: Act, zone: str, words: Words) -> list[tuple[str, str | None]]:
    say, event = words.texts, act.event
    until = None if event.valid_until is None else words.moment(event.valid_until, zone)
    return [
        (say["when"], words.span(event.t_lo, event.t_hi, zone)),
        (say["recorded"], words.moment(event.recorded_at, zone)),
        (say["how"], named(words.sources, event.source)),
        (say["who"], words.actor(event.actor)),
        (say["basis"], named(words.bases, event.basis)),
        (say["grade"], named(words.grades, str(event.grade))),
        (say["bound"], act.address),
        (say["form"], _text(event.detail.get("form"))),
        (say["page"], _text(event.detail.get("page"))),
        (say["status"], _hubspots(event)),
        (say["language"], event.language),
        (say["valid"], until),
        *((say["evidence"], _evidence(each, words)) for each in event.evidence),
        (say["reason"], event.reason),
        (say["approved"], ", ".join(event.approved_by) or None),
        (say["entry"], words.say("entry_value", seq=event.seq, event=event.id, hash=act.entry_hash)),
    ]


def _hubspots(event: Event) -> str | None:
    """Status, basis and source as HubSpot told them."""
    told = [_text(event.detail.get(key)) for key in ("status", "basis", "source")]
    return ", ".join(each for each in told if each) or None if event.detail.get("status") else None


def _evidence(each: Mapping[str, str | bool], words: Words) -> str:
    kind = named(words.evidence, str(each.get("kind", "")))
    return words.say("stored" if each.get("stored") else "hashed", kind=kind, hash=each.get("sha256", "-"))


def _shown(what: str, shown: Shown | None, zone: str, words: Words) -> Iterator[Block]:
    if shown is None:
        return
    if shown.text is None:
        yield page.para(words.say("lost", hash=shown.hash))
        return
    yield page.verbatim(words.say(what, hash=shown.hash), shown.text)
    for place, first, last in shown.seen:
        times = {"first": words.moment(first, zone), "last": words.moment(last, zone)}
        yield page.para(words.say("seen", place=place, **times))


def event_line(event: Event, zone: str, words: Words) -> str:
    scope = f" ({words.texts['all']})" if event.purpose == ALL_MARKETING else ""
    said = words.say(
        "event_line",
        type=f"{named(words.types, event.type)}{scope}",
        when=words.span(event.t_lo, event.t_hi, zone)
        if event.t_lo is not None
        else f"{words.texts['recorded']} {words.moment(event.recorded_at, zone)}",
        source=named(words.sources, event.source),
        actor=words.actor(event.actor),
        seq=event.seq,
    )
    return f"{said}. {event.reason}" if event.reason else said


def _log(receipt: Receipt, words: Words) -> Block:
    log, say = receipt.log, words.texts
    signed = log.get("checkpoint")
    at = say["no_checkpoint"]
    if signed:
        moment = words.moment(signed["at_ms"], receipt.zone)
        at = words.say("checkpoint_value", size=signed["size"], at=moment)
    return page.facts(
        [
            (say["log"], words.say("log_value", entries=log.get("entries"), root=log.get("root"))),
            (say["checkpoint"], at),
        ]
    )


def _text(value: object) -> str | None:
    return None if value in (None, "") else str(value)
