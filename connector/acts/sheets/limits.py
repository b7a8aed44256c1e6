"""How large a spreadsheet's parts may be (consent-domain 9, threat 20), and what is said above that."""

from pathlib import Path
from typing import Final

from connector.errors import ConfigurationError

CELL: Final = 32_767  # characters; what Excel itself can hold in a cell
RECORD: Final = 1 << 20  # characters of one row of a CSV file that are kept in memory
COLUMNS: Final = 512
ROWS: Final = 5_000_000
PART: Final = 4 << 30  # octets of one unpacked part of an XLSX file
TEXTS: Final = 512 << 20  # octets of its unpacked shared texts, which have to be held in memory
TOO_LARGE: Final = f"a cell holds more than {CELL:,} characters"
MANY_COLUMNS: Final = f"a row has more than {COLUMNS} columns"


def unreadable(path: Path, problem: str, next_step: str, row: int | None = None) -> ConfigurationError:
    """A file that cannot be imported at all: exit 2, nothing was stored."""
    where = path.name if row is None else f"{path.name}, row {row}"
    return ConfigurationError(problem, where=where, next_step=next_step)
