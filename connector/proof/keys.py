"""The four keys of a mirror, in a text file that only its owner may read."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from connector.clock import Chance
from connector.errors import ConfigurationError
from connector.small_files import read_small

VARIABLE: Final = "CONSENT_MIRROR_KEYS"
KEY_BYTES: Final = 32
_FIRST_LINE: Final = "consent-mirror keys v1"
_LOST: Final = (
    "Without these keys no stored address or proof can be read, no erased person can be recognised "
    "and no checkpoint can be signed"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """32 bytes each, each for one use. `suppression` is a ring, newest first: a hashed entry cannot be
    hashed anew, so that old keys are kept and tested as well (consent-domain 7)."""

    master: bytes = field(repr=False)  # wraps each person's key
    suppression: tuple[bytes, ...] = field(repr=False)
    links: bytes = field(repr=False)  # signs links of mails and pages
    signing: bytes = field(repr=False)  # Ed25519 seed (RFC 8032): signs checkpoints

    def __post_init__(self) -> None:
        every = (self.master, *self.suppression, self.links, self.signing)
        if len(every) < 4 or len(set(every)) != len(every) or {len(key) for key in every} != {KEY_BYTES}:
            raise ValueError("four different keys of 32 bytes are needed")


def generate(chance: Chance) -> Keys:
    """Four new keys."""
    master, suppression, links, signing = (chance.bytes(KEY_BYTES) for _ in range(4))
    return Keys(master, (suppression,), links, signing)


def dump(keys: Keys) -> str:
    """The file's text; its last line tells a damaged file from a whole one."""
    lines = [
        _FIRST_LINE,
        f"master {keys.master.hex()}",
        *(f"suppression {key.hex()}" for key in keys.suppression),
        f"links {keys.links.hex()}",
        f"signing {keys.signing.hex()}",
    ]
    return "\n".join([*lines, f"check {check(lines)}"]) + "\n"


def save(path: Path, keys: Keys) -> None:
    """Write a new file with mode 0600, durably. Raises ConfigurationError when it exists already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigurationError(
            "There is a key file already; it is never overwritten.",
            where=str(path),
            next_step="Keep it, or name another file under [mirror] keys.",
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"The key file cannot be made: {error.strerror}.",
            where=str(path),
            next_step="Name a place that you may write to under [mirror] keys.",
        ) from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(dump(keys))
        file.flush()
        os.fsync(file.fileno())


def with_new_signing(keys: Keys, chance: Chance) -> Keys:
    """The same keys but for a new one that signs."""
    return replace(keys, signing=chance.bytes(KEY_BYTES))


def stage(path: Path, keys: Keys) -> Path:
    """Write the keys that will take the place of `path`, durably; `promote` puts them there."""
    beside = staged(path)
    save(beside, keys)
    return beside


def staged(path: Path) -> Path:
    """Where `stage` writes."""
    return path.with_name(f"{path.name}.next")


def promote(path: Path) -> None:
    """The staged keys take the place of the old ones, at once or not at all."""
    staged(path).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load(path: Path, environ: Mapping[str, str] | None = None) -> Keys:
    """The keys from $CONSENT_MIRROR_KEYS (the file's text; `;` may stand for a new line), else from the file.

    Raises ConfigurationError: missing, readable by others, damaged; it says what is lost without them.
    """
    text = (environ or {}).get(VARIABLE)
    if text is not None:
        return load_text(text.replace(";", "\n"), f"${VARIABLE}")
    return load_text(_text(path), str(path))


def _text(path: Path) -> str:
    try:
        data, mode = read_small(path)
        text = data.decode("ascii")
    except FileNotFoundError:
        raise _unreadable(path, "There is no key file.") from None
    except UnicodeDecodeError:
        raise _damaged(str(path)) from None
    except OSError as error:
        raise _unreadable(path, f"The key file cannot be read: {error.strerror}.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(
            "The key file can be read by others.", where=str(path), next_step=f"chmod 600 {path.name}"
        )
    return text


def load_text(text: str, where: str = "") -> Keys:
    """The keys from what `dump` wrote. Raises ConfigurationError when it is damaged."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or lines[0] != _FIRST_LINE or lines[-1] != f"check {check(lines[:-1])}":
        raise _damaged(where)
    found: dict[str, list[bytes]] = {}
    try:
        for line in lines[1:-1]:
            name, _, value = line.partition(" ")
            found.setdefault(name, []).append(bytes.fromhex(value))
        (master,), (links,), (signing,) = found["master"], found["links"], found["signing"]
        return Keys(master, tuple(found["suppression"]), links, signing)
    except (ValueError, KeyError):
        raise _damaged(where) from None


def check(lines: list[str]) -> str:
    """The last line's value over the lines before it."""
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


def _damaged(where: str) -> ConfigurationError:
    return ConfigurationError(
        f"The key file is damaged. {_LOST}.",
        where=where,
        next_step="Restore it from the copy that you keep apart from the database's backups.",
    )


def _unreadable(path: Path, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"{problem} {_LOST}.",
        where=str(path),
        next_step="Restore it from your copy; for a new mirror run `consent-mirror init`.",
    )
