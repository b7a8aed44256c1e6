"""The attachment: every discrepancy in a sheet that Excel opens as text, never as a formula. Pure."""

import csv
import io
from collections.abc import Iterator
from typing import Final

from connector.report.discrepancies import Discrepancy, Group
from connector.report.figures import HOUR_MS, Report, iso
from connector.report.view import item_of
from connector.report.words import Words

#: Excel in Swedish splits at semicolons, in English at commas.
SEPARATOR: Final = {"sv": ";", "en": ","}
#: What a sheet would run as a formula (ASVS 1.2.10; consent-domain 9, threat 12), full-width twins included.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")


def sheet(report: Report, words: Words) -> bytes:
    """UTF-8 with a byte order mark, so that Excel reads å, ä and ö; every cell quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(
        out, delimiter=SEPARATOR[words.language], quoting=csv.QUOTE_ALL, lineterminator="\r\n"
    )
    writer.writerow([harmless(words.say(f"sheet_{name}")) for name in COLUMNS])
    for row in _rows(report, words):
        writer.writerow([harmless(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


COLUMNS: Final = (
    "urgency", "title", "kind", "new", "person", "contact", "subject",
    "purpose", "since", "hours", "row", "reference", "do", "command",
)  # fmt: skip


def harmless(cell: str) -> str:
    """The cell as text: an apostrophe before anything that could start a formula; no control characters."""
    clean = "".join(char if char >= " " else " " for char in cell)
    bare = clean.lstrip(" \u00a0\ufeff")  # Excel passes over these in front of a formula
    return f"'{clean}" if cell.startswith(FORMULA) or bare.lstrip().startswith(FORMULA) else clean


def _rows(report: Report, words: Words) -> Iterator[tuple[str, ...]]:
    for group in report.groups:
        for item in group.items:
            yield _row(item, group, report, words)


def _row(item: Discrepancy, group: Group, report: Report, words: Words) -> tuple[str, ...]:
    said = words.kinds[group.kind]
    shown = item_of(item, report, words)
    return (
        words.urgency(group.kind.urgency),
        said.title,
        str(item.kind),
        words.say("mark_new") if item.new else "",
        shown.person,
        shown.contact,
        item.subject_ref,
        shown.purpose,
        iso(item.since) or "",
        str(max(0, report.made_at - item.since) // HOUR_MS),
        "" if item.row is None else str(item.row),
        item.reference,
        said.do,
        shown.command or said.command + report.portal_option,
    )
