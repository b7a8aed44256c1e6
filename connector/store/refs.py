"""References: 32 hex digits outside, 16 bytes in the tables."""


def raw(ref: str) -> bytes:
    """As stored. What is no hex becomes a value that no row has."""
    try:
        return bytes.fromhex(ref)
    except ValueError:
        return b""
