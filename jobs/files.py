"""Files without personal data; one with personal data goes through `connector.acts.exports`."""

import os
from pathlib import Path

from connector.errors import ConfigurationError


def save(path: Path, data: bytes) -> None:
    """Write with mode 0600, also where the file exists with another. Raises ConfigurationError (exit 2)."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o600)
            file.write(data)
    except OSError as error:
        raise ConfigurationError(
            f"The file cannot be written: {error.strerror}.",
            where=str(path),
            next_step="Choose another file.",
        ) from None
