"""The ledger of files: recorded before they are written, destroyed only where they are the ones recorded."""

import csv
import json
import os
import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from connector.acts import exports
from connector.acts.exports import FileKind, Standing, Wanted
from connector.errors import ConfigurationError, Refused
from connector.report.discrepancies import Kind
from jobs.mailing import outside_of
from tests.world import ANNA, BO, DAY, World, world

FORMULA = '=HYPERLINK("http://evil.example";"x")'


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "out").mkdir()
    with world(tmp_path, contacts=(ANNA, BO)) as made:
        made.begin()
        yield made


def listed(w: World, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = w.cli("exports", "list", "--json", *words).json["exports"]
    return found


def wanted(w: World, name: str = "one.csv", **more: object) -> Wanted:
    return Wanted(path=w.folder / "out" / name, kind=FileKind.GAPS, by="staff:test", **more)  # type: ignore[arg-type]


def late(w: World) -> list[str]:
    return [
        each.reference for each in outside_of(w.settings, w.desk).findings if each.kind is Kind.EXPORT_OVERDUE
    ]


def test_every_command_that_writes_about_people_records_the_file(w: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    note = tmp_path / "note.txt"
    note.write_text("call note", "utf-8")
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(f"email,newsletter,date\n{FORMULA},yes,2026-01-01\n", "utf-8")
    record = (
        "record",
        ANNA,
        "--purpose",
        "newsletter",
        "--type",
        "claim",
        "--source",
        "phone",
        "--at",
        "2026-06-01",
    )
    assert w.cli(*record, "--evidence", str(note), "--keep", "--json").code == 0
    hashed = sha256(b"call note").hexdigest()
    commands = {
        "gaps": ("gaps", "--csv", str(out / "gaps.csv")),
        "report": ("report", "--html", str(out / "report.html")),
        "receipt": ("person", "receipt", ANNA, "--html", str(out / "receipt.html")),
        "bundle": ("person", "bundle", ANNA, str(out / "bundle.json")),
        "evidence": ("record-file", ANNA, hashed, "--out", str(out / "note.txt")),
        "quarantine": ("import", str(sheet), "--quarantine", str(out / "rejected.csv")),
    }
    for words in commands.values():
        ran = w.cli(*words)
        assert ran.code == 0, ran.err
    found = {each["kind"]: each for each in listed(w)}
    assert set(found) == set(commands)
    for each in found.values():
        path = Path(str(each["path"]))
        assert each["sha256"] == sha256(path.read_bytes()).hexdigest()
        assert each["standing"] == Standing.WRITTEN
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert str(each["made_by"]).startswith("staff:")
    assert {kind for kind, each in found.items() if each["subject"]} == {"receipt", "bundle", "evidence"}
    assert found["gaps"]["count"] == found["quarantine"]["count"] == 1
    told = [event for event in w.log(ANNA) if event.type == "exported"]
    assert sorted(str(event.detail["kind"]) for event in told) == ["bundle", "evidence", "receipt"]
    assert w.nobodys().count("exported") == 3


def test_a_sheet_has_a_manifest_that_says_what_it_is_and_names_nobody(w: World, tmp_path: Path) -> None:
    w.cli(
        "record",
        ANNA,
        "--purpose",
        "newsletter",
        "--type",
        "claim",
        "--source",
        "phone",
        "--at",
        "2026-06-01",
    )
    path = tmp_path / "out" / "gaps.csv"
    assert w.cli("gaps", "--csv", str(path)).code == 0
    manifest = json.loads((tmp_path / "out" / "gaps.csv.manifest.json").read_text("utf-8"))
    assert manifest["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert (manifest["count"], manifest["file"], manifest["kind"]) == (1, "gaps.csv", "gaps")
    with w.mirror.read(w.desk.portal) as work:
        assert manifest["log"] == {"entries": work.log.size(), "root": work.log.head().root}
    assert "anna" not in json.dumps(manifest)
    assert stat.S_IMODE((tmp_path / "out" / "gaps.csv.manifest.json").stat().st_mode) == 0o600


def test_no_cell_of_any_sheet_runs_as_a_formula(w: World, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    cells = [FORMULA, "+1", "-1", "@SUM(A1)", "\t=1", " =1", "|cmd", "＝1"]
    with sheet.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [["email", "newsletter", "date"], *([cell, "yes", "2026-01-01"] for cell in cells)]
        )
    rejected = tmp_path / "out" / "rejected.csv"
    assert w.cli("import", str(sheet), "--quarantine", str(rejected)).code == 0
    with rejected.open(encoding="utf-8-sig", newline="") as file:
        written = [row[2] for row in csv.reader(file, delimiter=";")][1:]
    assert len(written) == len(cells)
    assert all(cell.startswith("'") for cell in written)


def test_a_late_file_is_a_discrepancy_until_it_is_destroyed(w: World, tmp_path: Path) -> None:
    path = tmp_path / "out" / "gaps.csv"
    w.cli("gaps", "--csv", str(path))
    number = listed(w)[0]["id"]
    assert listed(w, "--overdue") == [] == late(w)
    assert json.loads(w.cli("exports", "destroy", "--overdue", "--json").out)["destroyed"] == 0
    assert path.exists()
    w.wait(30 * DAY)
    assert [each["id"] for each in listed(w, "--overdue")] == [number]
    assert late(w) == [str(number)]
    w.sync()
    shown = w.cli("report", "--json").json["discrepancies"]
    assert [(each["kind"], each["count"]) for each in shown if each["kind"] == "export_overdue"] == [
        ("export_overdue", 1)
    ]
    assert w.cli("exports", "destroy", "--overdue").code == 0
    assert list((tmp_path / "out").iterdir()) == [], "the manifest goes with its file"
    assert late(w) == []
    ended = listed(w)[0]
    assert (ended["outcome"], ended["path"], ended["standing"]) == ("destroyed", None, "gone")
    assert w.nobodys()[-1] == "export.destroyed"


@pytest.mark.parametrize("how", ["changed", "replaced by a link", "moved"])
def test_only_the_file_that_was_recorded_is_ever_deleted(w: World, tmp_path: Path, how: str) -> None:
    path, other = tmp_path / "out" / "gaps.csv", tmp_path / "out" / "other.txt"
    w.cli("gaps", "--csv", str(path))
    content = path.read_bytes()
    if how == "changed":
        path.write_bytes(content + b"\nmine")
    elif how == "replaced by a link":
        other.write_bytes(content)
        path.unlink()
        path.symlink_to(other)
    else:
        path.rename(other)
    number = str(listed(w)[0]["id"])
    ran = w.cli("exports", "destroy", number, "--json")
    assert ran.code == 3
    assert ran.json["exports"][0]["standing"] == ("missing" if how == "moved" else "changed")
    assert other.exists() or path.read_bytes().endswith(b"mine")
    assert listed(w)[0]["ended_at"] is None
    assert w.cli("exports", "destroy", number, "--gone").code == 0
    assert listed(w)[0]["outcome"] == "settled"
    assert other.exists() or path.exists(), "a person's word deletes nothing"


def test_a_file_in_the_place_of_another_ends_that_one(w: World, tmp_path: Path) -> None:
    path = tmp_path / "out" / "r.html"
    for _ in range(2):
        assert w.cli("person", "receipt", ANNA, "--html", str(path)).code == 0
    assert [each["outcome"] for each in listed(w)] == [None, "replaced"]


def test_what_is_cut_off_is_known_and_what_fails_is_taken_away(w: World) -> None:
    class Killed(BaseException):
        """The process ends here."""

    with pytest.raises(ZeroDivisionError), exports.written(w.desk, wanted(w)) as sink:
        sink.write(b"half of it")
        raise ZeroDivisionError
    assert not wanted(w).path.exists()
    assert listed(w)[0]["outcome"] == "failed"
    made = exports.written(w.desk, wanted(w, "two.csv"))
    sink = made.__enter__()
    sink.write(b"half of it")
    assert listed(w)[0]["standing"] == Standing.CUT_OFF, "recorded before its first byte"
    assert exports.destroy(w.desk, int(str(listed(w)[0]["id"])), "staff:test").done is False
    assert wanted(w, "two.csv").path.exists(), "nobody knows what is in it: a person looks"
    made.__exit__(Killed, Killed(), None)


def test_a_deletion_that_was_cut_off_is_told_as_one(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    exports.write(w.desk, wanted(w), b"data")
    number = int(str(listed(w)[0]["id"]))
    monkeypatch.setattr(exports, "_forget_manifest", lambda *_: os._exit)

    def killed(path: Path, hashed: str | None) -> bool:
        path.unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(exports, "_deleted", killed)
    with pytest.raises(KeyboardInterrupt):
        exports.destroy(w.desk, number, "staff:test")
    monkeypatch.undo()
    assert exports.destroy(w.desk, number, "staff:test").done
    assert listed(w)[0]["outcome"] == "destroyed"


@pytest.mark.parametrize("what", ["a folder", "a pipe", "a link", "no folder"])
def test_what_is_no_file_is_refused(w: World, what: str) -> None:
    path = wanted(w).path
    if what == "a folder":
        path.mkdir()
    elif what == "a pipe":
        os.mkfifo(path)
    elif what == "a link":
        path.symlink_to(w.folder / "elsewhere")
    else:
        path = path.parent / "missing" / "file"
    with (
        pytest.raises(ConfigurationError),
        exports.written(w.desk, Wanted(path=path, kind=FileKind.GAPS, by="x")),
    ):
        pytest.fail("nothing to write to")
    assert listed(w) == []
    assert not (w.folder / "elsewhere").exists()


def test_a_file_that_was_open_to_others_is_closed_to_them(w: World) -> None:
    path = wanted(w).path
    path.write_text("old", "utf-8")
    path.chmod(0o644)
    exports.write(w.desk, wanted(w), b"new")
    assert (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) == (0o600, b"new")


def test_files_about_somebody_who_is_erased_are_late_at_once_and_join_to_nobody(
    w: World, tmp_path: Path
) -> None:
    path = tmp_path / "out" / "receipt.html"
    w.cli("person", "receipt", ANNA, "--html", str(path))
    w.cli("gaps", "--csv", str(tmp_path / "out" / "gaps.csv"))
    assert w.cli("erase", ANNA, "--confirm").code == 0
    found = {each["kind"]: each for each in listed(w)}
    assert (found["receipt"]["overdue"], found["gaps"]["overdue"]) == (True, False)
    assert found["receipt"]["subject"] is None
    assert w.cli("exports", "destroy", "--overdue").code == 0
    assert not path.exists()


def test_there_is_no_file_of_that_number(w: World) -> None:
    with pytest.raises(Refused):
        exports.destroy(w.desk, 99, "staff:test")
    assert w.cli("exports", "destroy").code == 2
    assert w.cli("exports", "destroy", "1", "--overdue").code == 2
