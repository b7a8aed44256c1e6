"""Configuration, keys and secrets: small regular files, whatever lies at their place."""

import codecs
import os
import stat
from pathlib import Path
from typing import Final

#: The largest such file, in bytes. A configuration with a thousand purposes has a tenth of it.
MOST: Final = 2 << 20


def read_small(path: Path) -> tuple[bytes, int]:
    """What is in the file, and its mode. Raises OSError, also where it is a folder, a pipe or a device (which
    would be read for ever) or larger than MOST. The mark that Windows puts before UTF-8 is left out."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(0, "it is no regular file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(MOST + 1)
    finally:
        os.close(handle)
    if len(data) > MOST:
        raise OSError(0, f"it is too large, more than {MOST >> 20} MiB")
    return data.removeprefix(codecs.BOM_UTF8), stat.S_IMODE(mode)
