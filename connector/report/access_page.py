"""The access register as a document, made from `access --json`. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connector.proof import page
from connector.proof.page import Block, Page
from connector.proof.words import WORDS as PAPER
from connector.report.access_words import TEXTS
from connector.report.words import Language

KINDS: Final = ("hubspot_user", "key", "app", "user", "file")
DOUBTS: Final = {"dormant": "dormant_one"}


def access_page(
    found: Mapping[str, Any], language: Language, *, controller: str, portal: str, at: int, zone: str
) -> Page:
    """The whole document."""
    say = TEXTS[language]
    head = [
        (say["controller"], controller),
        (say["portal"], portal),
        (say["at"], PAPER[language].moment(at, zone)),
    ]
    blocks = (
        page.title(say["title"]),
        page.para(say["intro"]),
        page.facts(head),
        _first(found, say),
        *_kinds(found, say),
        *_activity(found, say),
    )
    return Page(language=language, title=say["title"], author=controller, at=at, blocks=blocks)


def _first(found: Mapping[str, Any], say: Mapping[str, str]) -> Block:
    told = [say[key].format(count=found[key]) for key in ("unjustified", "dormant") if found[key]]
    hidden = [say[f"{key}_hidden"] for key in ("users", "logins", "audit") if not found["shown"][key]]
    lines = [*told, *hidden]
    return page.points(say["first"], lines, warning=True) if lines else page.para(say["fine"])


def _kinds(found: Mapping[str, Any], say: Mapping[str, str]) -> Iterator[Block]:
    for kind in KINDS:
        rows = [each for each in found["grantees"] if each["kind"] == kind]
        if rows:
            yield page.heading(say[kind])
            yield _files(rows, say) if kind == "file" else _people(rows, say)


def _people(rows: list[Mapping[str, Any]], say: Mapping[str, str]) -> Block:
    head = ("", say["who"], say["role"], say["login"], say["motive"], say["review"], say["remark"])
    return page.table(head, [_person(each, say) for each in rows])


def _person(each: Mapping[str, Any], say: Mapping[str, str]) -> tuple[str, ...]:
    who = f"{each['name']} {each['address'] or ''}".strip()
    role = ", ".join(part for part in (each["roles"], say["admin"] if each["admin"] else None) if part)
    return (
        str(each["id"]),
        who,
        role or "–",
        (each["last_login"] or "–")[:10],
        each["motive"] or "–",
        (each["review"] or "–")[:10],
        _doubts(each, say),
    )


def _files(rows: list[Mapping[str, Any]], say: Mapping[str, str]) -> Block:
    head = ("", say["who"], say["role"], say["owner"], say["mode"], say["remark"])
    told = [
        (str(f["id"]), f["name"], f["roles"] or "", f["owner"] or "", f["mode"] or "", _doubts(f, say))
        for f in rows
    ]
    return page.table(head, told)


def _doubts(each: Mapping[str, Any], say: Mapping[str, str]) -> str:
    return ", ".join(say[DOUBTS.get(doubt, doubt)] for doubt in each["doubts"]) or "–"


def _activity(found: Mapping[str, Any], say: Mapping[str, str]) -> Iterator[Block]:
    lines = found["activity"]
    if lines is None:
        return
    yield page.heading(say["activity"])
    if not lines:
        yield page.para(say["none"])
        return
    head = (say["type"], say["by"], say["times"], say["last"])
    yield page.table(head, [(a["type"], a["user"], str(a["count"]), (a["last"] or "")[:10]) for a in lines])
