"""Everything that may be done to a bundle, and which entry (or 0: the bundle) has to be named for it."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

Body = dict[str, Any]
Change = Callable[[Body], Body | None]


def of_header(place: int, name: str, value: object) -> Change:
    def change(body: Body) -> None:
        body["entries"][place]["header"][name] = value

    return change


def _set(place: int, name: str, value: object) -> Change:
    def change(body: Body) -> None:
        body["entries"][place][name] = value

    return change


def _entries(edit: Callable[[list[Any]], object]) -> Change:
    def change(body: Body) -> None:
        edit(body["entries"])

    return change


def _text(body: Body) -> None:
    body["texts"][0]["data"] = base64.b64encode(b"Nej.").decode()


def _no_text(body: Body) -> None:
    gone = body["texts"].pop()
    assert any(
        gone["sha256"] in (e["header"]["wording_hash"], e["header"]["notice_hash"]) for e in body["entries"]
    )


def _payload(body: Body) -> None:
    entry = body["entries"][1]
    entry["payload"] = entry["payload"].replace("form", "farm", 1)


def _root(body: Body) -> None:
    text, signature = body["checkpoint"].split("\n\n")
    body["checkpoint"] = text.replace("\n", "\n1", 1) + "\n\n" + signature


def _consistency(body: Body) -> None:
    body["earlier"][-1]["consistency"] = body["earlier"][-1]["consistency"][1:]


def _swap_notes(body: Body) -> None:
    one, two = body["earlier"]
    one["note"], two["note"] = two["note"], one["note"]


HEADER_VALUES = {
    "basis": "contract",
    "commit": "00" * 32,
    "grade": "E1",
    "notice_hash": "11" * 32,
    "prev": "22" * 32,
    "purpose": "offers",
    "recorded_at": 1_781_517_600_001,
    "seq": 2,
    "subject_ref": "33" * 16,
    "type": "confirm",
    "v": 2,
    "wording_hash": "44" * 32,
}
HEADERS = {f"header {name}": of_header(1, name, value) for name, value in HEADER_VALUES.items()}
OTHERS: dict[str, Change] = {
    "an unknown field in a header": of_header(1, "more", 1),
    "payload": _payload,
    "payload of another entry": _entries(lambda e: e[1].update(payload=e[2]["payload"], salt=e[2]["salt"])),
    "salt": _set(1, "salt", "00" * 32),
    "payload removed": _entries(lambda e: e[1].update(payload=None, salt=None)),
    "inclusion cut": _entries(lambda e: e[1]["inclusion"].pop()),
    "inclusion of another entry": _entries(lambda e: e[1].update(inclusion=e[2]["inclusion"])),
    "order": _entries(lambda e: e.insert(1, e.pop(2))),
    "an entry twice": _entries(lambda e: e.insert(1, e[1])),
    "an entry made up": _entries(lambda e: e.insert(2, {**e[1], "header": {**e[1]["header"], "seq": 5}})),
    "text changed": _text,
    "text removed": _no_text,
    "root of the checkpoint": _root,
    "consistency cut": _consistency,
    "earlier checkpoints exchanged": _swap_notes,
    "rotation removed": lambda body: body.update(rotations=[]),
    "another log": lambda body: body.update(origin="consent-mirror/portal/1"),
    "another person": lambda body: body.update(subjects=["55" * 16]),
    "an unknown key": lambda body: body.update(more=1),
    "another schema": lambda body: body.update(schema="consent-mirror/bundle/2"),
}
#: These keep every rule but the seal, so that only an unsealed change can be told.
ONLY_SEALED: dict[str, Change] = {
    "entry left out": _entries(lambda e: e.pop(1)),
    "end left out": _entries(lambda e: e.pop()),
    "told address": lambda body: body.update(about={**body["about"], "addresses": []}),
    "earlier checkpoint left out": lambda body: body.update(earlier=body["earlier"][:1]),
    "rules": lambda body: body.update(rules=[]),
}


def every() -> Iterator[tuple[str, Change]]:
    """All of them."""
    yield from HEADERS.items()
    yield from OTHERS.items()
