"""Sheets as people have them, made here: each with what must come of it.

In each, Anna said yes (CLAIMED) and Bo said no, unless `states` says otherwise; `bad` are the row numbers
that wait for a person.
"""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from connector.acts.sheets import limits

ANNA, BO, CARIN = "anna@example.org", "bo@example.org", "carin@example.org"
CLAIMED, DENIED, WITHDRAWN = "CLAIMED", "DENIED", "WITHDRAWN"
USUAL = {ANNA: CLAIMED, BO: DENIED}


@dataclass(frozen=True)
class Ugly:
    """One sheet. `options` go to the act; `mapping` is a TOML text beside it."""

    name: str
    make: Callable[[Path], None]
    states: Mapping[str, str] = field(default_factory=lambda: USUAL)
    bad: frozenset[int] = frozenset()
    ending: str = "csv"
    options: Mapping[str, Any] = field(default_factory=dict)
    mapping: str | None = None


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content.encode(encoding)) and None  # type: ignore[func-returns-value]


def octets(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None  # type: ignore[func-returns-value]


def book(
    rows: Sequence[Sequence[Any]], change: Callable[[Workbook], None] | None = None
) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        made = Workbook()
        for row in rows:
            made.active.append(list(row))
        if change is not None:
            change(made)
        made.save(path)

    return make


def _merged(made: Workbook) -> None:
    made.active.merge_cells("B1:C1")


def _hidden_row(made: Workbook) -> None:
    for row in (4, 5):
        made.active.row_dimensions[row].hidden = True


def _hidden_sheet(made: Workbook) -> None:
    other = made.create_sheet("Gamla")
    other.append(["E-post", "Samtycke"])
    other.append([CARIN, "ja"])
    other.sheet_state = "hidden"


def _second_sheet(made: Workbook) -> None:
    made.active.title = "Kunder"
    made.create_sheet("Annat").append(["x"])


def _wrong_dimension(path: Path) -> None:
    """Some exporters say A1 whatever the size: a reader that believes it loses every row."""
    plain = io.BytesIO()
    made = Workbook()
    for row in (HEAD, [ANNA, "ja", "2026-01-02"], [BO, "nej", None]):
        made.active.append(list(row))
    made.save(plain)
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(path, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            after.writestr(name, data.replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1"'))


HEAD = ("E-post", "Samtycke", "Datum")
HEADER = "E-post;Samtycke;Datum\r\n"
ROWS = f"{ANNA};ja;2026-01-02\r\n{BO};nej;\r\n"
AT = datetime(2026, 1, 2, 14, 30)  # noqa: DTZ001 - what Excel holds has no zone
HUGE = "x" * (10 << 20)

SHEETS = [
    Ugly("plain", text(HEADER + ROWS)),
    Ugly("utf8-bom", text("\ufeff" + HEADER + ROWS)),
    Ugly("utf16-bom", text("\ufeff" + HEADER + ROWS, "utf-16-le")),
    Ugly("utf16-without-mark", text(HEADER + ROWS, "utf-16-le")),
    Ugly("windows-1252", text("E-post;Namn;Samtycke\r\n" + f"{ANNA};Åsa;ja\r\n{BO};Örjan;nej\r\n", "cp1252")),
    Ugly(
        "two-encodings",  # a no is honoured also from the damaged line, a yes is not
        octets(
            "E-post;Namn;Samtycke\r\nx@example.org;Åke;ja\r\ny@example.org;Ört;ja\r\nw@example.org;Åh;ja\r\n".encode()
            + f"{ANNA};Åsa;ja\r\n{BO};Örjan;nej\r\n".encode("cp1252")
        ),
        {ANNA: "none", BO: DENIED, "x@example.org": CLAIMED},
        frozenset({5}),
    ),
    Ugly("commas", text((HEADER + ROWS).replace(";", ","))),
    Ugly("tabs", text((HEADER + ROWS).replace(";", "\t"))),
    Ugly("sep-line", text("sep=;\r\n" + HEADER + ROWS)),
    Ugly("old-mac-line-ends", text((HEADER + ROWS).replace("\r\n", "\r"))),
    Ugly("titles-above", text("Kundlista 2026;;\r\n;;\r\nUttag: e-post;;\r\n" + HEADER + ROWS)),
    Ugly("empty-rows", text(HEADER + ";;\r\n\r\n" + ROWS + ";;\r\n")),
    Ugly("repeated-rows", text(HEADER + ROWS * 3)),
    Ugly("headings-again", text(HEADER + ROWS + HEADER + f"{CARIN};ja;\r\n"), {**USUAL, CARIN: CLAIMED}),
    Ugly(
        "five-dates",
        text(
            HEADER
            + "".join(
                f"p{n}@example.org;ja;{said}\r\n"
                for n, said in enumerate(
                    [
                        "2026-01-24",
                        "2026-01-24 14:30",
                        "24/01/2026",
                        "24.01.2026",
                        "46046",
                        "46046,5",
                        "31/02/2026",
                    ]
                )
            )
        ),
        {"p0@example.org": CLAIMED, "p5@example.org": CLAIMED, "p6@example.org": "none"},
        frozenset({8}),
    ),
    Ugly(
        "future",  # the yes waits, the no is taken without its date
        text(HEADER + f"{ANNA};ja;2031-01-01\r\n{BO};nej;2031-01-01\r\n"),
        {ANNA: "none", BO: DENIED},
        frozenset({2, 3}),
    ),
    Ugly(
        "several-addresses",
        text(HEADER + f'"{ANNA}; {CARIN}";ja;\r\n"{BO}\nd@example.org";nej;\r\n'),
        {ANNA: CLAIMED, CARIN: CLAIMED, BO: DENIED, "d@example.org": DENIED},
    ),
    Ugly("display-names", text(HEADER + f'"Berg, Anna <{ANNA.upper()}>";ja;\r\nBo <mailto:{BO}>;nej;\r\n')),
    Ugly(
        "unknown-word",
        text(HEADER + f"{ANNA};kanske;\r\n{BO};nej;\r\n"),
        {ANNA: "none", BO: DENIED},
        frozenset({2}),
    ),
    Ugly(
        "cross-is-no-yes",
        text(HEADER + f"{ANNA};x;\r\n{BO};nej;\r\n"),
        {ANNA: "none", BO: DENIED},
        frozenset({2}),
    ),
    Ugly(
        "huge-cell-last",
        text(HEADER.strip() + f";Källa\r\n{ANNA};ja;;{HUGE}\r\n{BO};nej;;{HUGE}\r\n{CARIN};ja;;\r\n"),
        {ANNA: "none", BO: DENIED, CARIN: CLAIMED},
        frozenset({2}),
    ),
    Ugly(
        "huge-quoted-cell",
        text(f'Namn;{HEADER}"{HUGE[: limits.RECORD]}\n{ANNA};ja;\n{HUGE}";{ANNA};ja;\r\nx;{BO};nej;\r\n'),
        {ANNA: "none", BO: DENIED},
        frozenset({2}),
    ),
    Ugly(
        "shifted-cells",
        text(f"Namn;{HEADER}Berg; Anna;{ANNA};ja;\r\nx;{CARIN};ja;;ja\r\ny;{BO};nej;\r\n"),
        {ANNA: "none", CARIN: "none", BO: DENIED},
        frozenset({2, 3}),
    ),
    Ugly(
        "purpose-below-the-headings",  # the first row of data looks like headings and is none
        text(f"E-post;Samtycke;Ändamål\r\n;ja;newsletter\r\n;;newsletter\r\n{ANNA};ja;\r\n{BO};nej;\r\n"),
        bad=frozenset({2, 3}),
    ),
    Ugly(
        "stray-quotes",  # one cell that swallowed rows is told, and read as none of them
        text(f'Namn;{HEADER}"x;{ANNA};ja;\r\ny;{CARIN};ja;\r\nz";d@example.org;ja;\r\nö;{BO};nej;\r\n'),
        {ANNA: "none", CARIN: "none", "d@example.org": "none", BO: DENIED},
        frozenset({2}),
    ),
    Ugly(
        "formulas",
        text(HEADER + f'=HYPERLINK("mailto:{ANNA}");ja;\r\n{CARIN};=A1;\r\n{BO};nej;=TODAY()\r\n'),
        {ANNA: "none", CARIN: "none", BO: DENIED},
        frozenset({2, 3, 4}),
    ),
    Ugly(
        "unsubscribed-beats-consent",
        text(
            f"Email,Consent,Unsubscribed,Unsubscribed at\n{ANNA},yes,no,\n{BO},yes,yes,2026-02-03\n"
            f"{CARIN},yes,2026-02-03,\n"
        ),
        {ANNA: CLAIMED, BO: WITHDRAWN, CARIN: WITHDRAWN},
    ),
    Ugly(
        "purposes-by-row",
        text(f"Email;Consent;Purpose\n{ANNA};yes;Nyhetsbrev\n{CARIN};yes;spam\n{BO};no;spam\n"),
        {ANNA: CLAIMED, CARIN: "none", BO: WITHDRAWN},
        frozenset({3, 4}),
    ),
    Ugly(
        "yes-and-no-in-two-rows",
        text(HEADER + f"{ANNA};ja;\r\n{BO};ja;\r\n{BO};nej;\r\n"),
        USUAL,
        frozenset({3}),
    ),
    Ugly(
        "opt-out-list",
        text(f"Email Address,UNSUB_TIME,Name\n{BO},2026-01-02 10:00:00,Bo\nbroken,,x\n"),
        {BO: WITHDRAWN},
        frozenset({3}),
        options={"mapping": "opt-outs", "purpose": None},
    ),
    Ugly(
        "own-mapping",
        text(f"A;B\nKontakt;Läge\n{ANNA};aktiv\n{BO};borta\n"),
        mapping='header_row = 2\n[columns]\nemail = "Kontakt"\n[consent]\nnewsletter = "Läge"\n'
        '[words]\nyes = ["aktiv"]\nno = ["borta"]\n',
    ),
    Ugly(
        "crm-mapping",
        text(f"E-post;Namn;Nyhetsbrev\n{ANNA};A;ja\n{BO};B;Ej utskick\n"),
        options={"mapping": "swedish-crm"},
    ),
    Ugly("xlsx", book([HEAD, [ANNA, "Ja", date(2026, 1, 2)], [BO, "NEJ", AT]]), ending="xlsx"),
    Ugly(
        "xlsx-merged-headings",
        book(
            [
                ["E-post", "Samtycke", None],
                [None, "Nyhetsbrev", "Offers"],
                [ANNA, "ja", None],
                [BO, "nej", "ja"],
            ],
            _merged,
        ),
        ending="xlsx",
    ),
    Ugly(
        "xlsx-merged-turns-the-meaning",
        book(
            [
                ["E-post", "Avregistrerad", None],
                [None, "Nyhetsbrev", "Offers"],
                [ANNA, "nej", "x"],
                [BO, "ja", None],
            ],
            _merged,
        ),
        {ANNA: "UNKNOWN", BO: WITHDRAWN},
        ending="xlsx",
    ),
    Ugly(
        "xlsx-hidden-rows",
        book([HEAD, [ANNA, "ja", None], [None], [CARIN, "ja", None], [BO, "nej", None]], _hidden_row),
        {**USUAL, CARIN: "none"},
        frozenset({4}),
        ending="xlsx",
    ),
    Ugly(
        "xlsx-hidden-sheet",
        book([HEAD, [ANNA, "ja", None], [BO, "nej", None]], _hidden_sheet),
        {**USUAL, CARIN: "none"},
        ending="xlsx",
    ),
    Ugly(
        "xlsx-second-sheet",
        book([HEAD, [ANNA, "ja", None], [BO, "nej", None]], _second_sheet),
        ending="xlsx",
        options={"sheet": "Kunder"},
    ),
    Ugly(
        "xlsx-formulas",
        book([HEAD, [f'="{ANNA}"', "ja", None], [CARIN, "=A1", None], [BO, "nej", "=NOW()"]]),
        {ANNA: "none", CARIN: "none", BO: DENIED},
        frozenset({2, 3, 4}),
        ending="xlsx",
    ),
    Ugly(
        "xlsx-numbers-and-truths",
        book([HEAD, [ANNA, True, 46024], [BO, 0, 46024.5], [CARIN, 7, None]]),
        {**USUAL, CARIN: "none"},
        frozenset({4}),
        ending="xlsx",
    ),
    Ugly("xlsx-wrong-dimension", _wrong_dimension, ending="xlsx"),
]
