"""Times as the outside reads them: ISO 8601, UTC, with Z (design 1.1). Inside they are integer ms."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(at: int | None) -> str | None:
    """2026-11-24T06:00:00.000Z; None stays None."""
    if at is None:
        return None
    return (EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
