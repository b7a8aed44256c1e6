"""The child process that sets a page as PDF/A: the page as JSON on stdin, the file on stdout.

Run by its path with `python -I`, so it imports nothing of ours; typst is loaded here and nowhere else
(design 4.14). Fonts are those that typst's package carries, and no package is fetched. A sign that they
lack is looked for in the system's fonts; where it is nowhere, PDF/A forbids the file: exit 3.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Final

import typst

STANDARD: Final = "a-2a"  # with tags: readable by machines and by a screen reader
UNSHOWN = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def main() -> int:
    """Set what is asked for."""
    wanted = json.load(sys.stdin)
    for own_fonts_only in (True, False):
        try:
            made = _set(wanted, own_fonts_only=own_fonts_only)
        except typst.TypstError as error:
            problem = str(error)
            continue
        sys.stdout.buffer.write(made)
        return 0
    return UNSHOWN if "could not be displayed" in problem else 1


def _set(wanted: dict[str, object], *, own_fonts_only: bool) -> bytes:
    return typst.compile(
        str(wanted["template"]).encode(),
        format="pdf",
        ignore_system_fonts=own_fonts_only,
        pdf_standards=STANDARD,
        sys_inputs={"page": json.dumps(wanted["page"])},
        timestamp=EPOCH + timedelta(seconds=int(str(wanted["at"])) // 1000),
    )


if __name__ == "__main__":
    sys.exit(main())
