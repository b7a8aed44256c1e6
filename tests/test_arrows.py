"""The rooms and their arrows (design 2): every import is read; one that the design has not fails."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: Which rooms a room may import, itself aside. `base` is `BASE` below.
ARROWS: dict[str, set[str]] = {
    "mappings": set(),
    "base": {"mappings", "consent"},
    "consent": {"mappings"},
    "hubspot": {"mappings", "consent", "base"},
    "proof": {"mappings", "consent", "base"},
    # Messages to those whom the controller discloses data to: not HubSpot's transport, which carries a token
    # to one allow-listed host, and not the report, which is for staff. Mail goes the report's way.
    "recipients": {"mappings", "base", "report"},
    "store": {"mappings", "consent", "base", "proof"},
    "report": {"mappings", "consent", "base", "store", "proof"},
    "acts": {"mappings", "consent", "base", "store", "proof", "report"},
    "web": {"mappings", "consent", "base", "store", "report", "acts"},
    "sandbox": {"mappings", "base"},
    "wiring": {
        "mappings", "consent", "base", "hubspot", "store", "proof", "report", "acts", "web", "recipients",
    },
    "jobs": {
        "mappings", "consent", "base", "hubspot", "store", "proof",
        "report", "acts", "web", "sandbox", "wiring",
    },
}  # fmt: skip

#: The files that every room but the pure ones may use.
BASE = {"errors", "logs", "clock", "settings", "meters", "small_files", "punctual"}

#: Libraries that keep to their room (design 2).
HOMES: dict[str, set[str]] = {
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "psycopg": {"store"},
    "hubspot": {"hubspot"},
    "requests": {"hubspot", "recipients", "connector.punctual"},
    "tenacity": {"hubspot"},
    "apscheduler": {"jobs.daemon"},
    "procrastinate": {"jobs.fleet"},
    "typer": {"jobs"},
    "rich": {"jobs"},
    "click": {"jobs"},
    "starlette": {"web", "sandbox"},
    "uvicorn": {"web", "sandbox", "jobs"},
    "matplotlib": {"report"},
    "smtplib": {"report"},
    "cryptography": {"proof"},
    "argon2": {"store", "proof"},
    "python_multipart": {"web"},
    "h11": {"web"},
    "prometheus_client": {"web"},
}

#: Only the pure parts of proof are the store's to use.
PROOF_FOR_STORE = {"chain", "seal", "canon", "merkle", "keys"}


def modules() -> list[Path]:
    return [path for top in ("mappings", "connector", "jobs") for path in sorted((ROOT / top).rglob("*.py"))]


def room_of(dotted: str) -> str:
    parts = dotted.split(".")
    if parts[0] in {"mappings", "jobs"}:
        return parts[0]
    if len(parts) < 2 or parts[1] in BASE:
        return "base"
    return "wiring" if parts[1] == "wiring_web" else parts[1]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in {"mappings", "connector", "jobs"}


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_a_room_imports_only_what_the_design_allows(path: Path) -> None:
    room = room_of(dotted(path))
    wrong = {
        name
        for name in imports(path)
        if ours(name) and name not in {"connector", "mappings", "jobs"}
        and room_of(name) not in ARROWS[room] | {room}
    }  # fmt: skip
    assert not wrong, f"{dotted(path)} ({room}) imports {sorted(wrong)}"


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_a_library_keeps_to_its_room(path: Path) -> None:
    here = {room_of(dotted(path)), dotted(path)}
    tops = {name.split(".")[0] for name in imports(path) if not ours(name)}
    wrong = {top for top in tops if top in HOMES and not HOMES[top] & here}
    assert not wrong, f"{dotted(path)} imports {sorted(wrong)}"


def test_only_pure_parts_of_proof_reach_the_store() -> None:
    used = {
        name.split(".")[2]
        for path in (ROOT / "connector" / "store").rglob("*.py")
        for name in imports(path)
        if name.startswith("connector.proof.")
    }
    assert used <= PROOF_FOR_STORE


def test_the_heart_has_no_clock_no_input_and_no_log() -> None:
    pure = {"mappings", "consent"}
    banned = {"os", "io", "time", "random", "secrets", "logging", "structlog", "socket", "pathlib", "sqlite3"}
    for path in modules():
        if room_of(dotted(path)) in pure:
            assert not {name.split(".")[0] for name in imports(path)} & banned, dotted(path)


def test_the_reader_of_imports_sees_a_wrong_one(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from connector.store import log\nimport sqlalchemy\n", "utf-8")
    assert {"connector.store.log", "sqlalchemy"} <= set(imports(bad))
    assert room_of("connector.store.log") not in ARROWS["consent"]
