"""Where copies of a checkpoint go: a folder, a git repository, a mail. They are what finds a cut-off log."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from connector.acts.checkpoint import Copy, Made
from connector.clock import Clock
from connector.errors import ConfigurationError, Temporary
from connector.report.mail import MAIL_POLICY
from connector.report.smtp import send
from connector.settings import Settings
from connector.wiring import server_of
from jobs.mailing import recipients_of

GIT_S: Final = 60.0
SUBJECTS: Final = {
    "sv": "Kontrollpunkt för samtyckesloggen ({name}, post {size})",
    "en": "Checkpoint of the consent log ({name}, entry {size})",
}
BODIES: Final = {
    "sv": "Spara detta mejl utanför systemet: med det hittas en logg som har kortats eller skrivits om.\n"
    "Kontrollera med `consent-mirror log verify --against FIL`.\n\nPublik nyckel: {key}\n\n",
    "en": "Keep this mail outside of the system: it finds a log that was cut off or written anew.\n"
    "Check with `consent-mirror log verify --against FILE`.\n\nPublic key: {key}\n\n",
}


class NotCopied(Temporary):
    """The checkpoint is signed and stored, but a copy of it could not be brought to its place."""

    code = "checkpoint_not_copied"


@dataclass(frozen=True, slots=True)
class Places:
    """Where copies go."""

    folder: Path | None = None
    git: Path | None = None
    mail: bool = False
    latest: bool = False  # one file that is written anew each time, not one for every size

    @property
    def folders(self) -> tuple[Path, ...]:
        """Folders that may hold earlier copies."""
        return tuple(each for each in (self.folder, self.git) if each is not None)


def found(paths: Iterable[Path]) -> Iterator[Copy]:
    """Checkpoints in files and folders. Raises ConfigurationError where one cannot be read."""
    for path in paths:
        files = sorted({*path.glob("checkpoint-*.txt"), *path.glob("latest-checkpoint-*.txt")})
        if not path.is_dir():
            files = [path]
        for each in files:
            yield Copy(each.name, _note(each))


def _note(path: Path) -> str:
    """The note in a file; a mail with one in it will do, whatever stands before."""
    try:
        lines = path.read_text("utf-8-sig").replace("\r\n", "\n").split("\n")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            "The checkpoint cannot be read.", where=str(path), next_step="Name a file or folder of them."
        ) from None
    starts = [number for number, line in enumerate(lines) if line.startswith("consent-mirror/portal/")]
    return "\n".join(lines[starts[0] if starts else 0 :]).rstrip("\n") + "\n"


def bring(settings: Settings, clock: Clock, made: Made, places: Places) -> list[str]:
    """Bring a checkpoint to every place; what was reached. Raises ConfigurationError or Temporary."""
    reached = []
    for folder in places.folders:
        _write(folder, made, latest=places.latest)
        reached.append(str(folder))
    if places.git is not None:
        _commit(places.git, made, latest=places.latest)
    if places.mail:
        _mail(settings, clock, made)
        reached.append("mail")
    return reached


def names_of(made: Made, *, latest: bool = False) -> tuple[str, str]:
    """The checkpoint's file and that of the public key."""
    own = f"checkpoint-{made.portal}-{made.size:012d}.txt"
    return f"latest-checkpoint-{made.portal}.txt" if latest else own, f"public-key-{made.portal}.txt"


def _write(folder: Path, made: Made, *, latest: bool) -> None:
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        for name, text in zip(names_of(made, latest=latest), (made.note, f"{made.key}\n"), strict=True):
            beside = folder / f".{name}.part"
            beside.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            # Meant for others to read, for nobody else to change: it names no person, and is signed.
            with os.fdopen(os.open(beside, flags, 0o644), "w", encoding="utf-8") as file:
                file.write(text)
            beside.replace(folder / name)
    except OSError as error:
        raise ConfigurationError(
            f"The checkpoint cannot be written: {error.strerror}.",
            where=str(folder),
            next_step="Name a folder that can be written to.",
        ) from None


def _commit(folder: Path, made: Made, *, latest: bool) -> None:
    names = names_of(made, latest=latest)
    _git(folder, "add", "--", *names)
    if _git(folder, "diff", "--cached", "--quiet", "--", *names, may_fail=True):
        who = () if not _git(folder, "config", "user.email", may_fail=True) else _NAMELESS
        _git(folder, *who, "commit", "-m", f"Checkpoint of {made.name} at entry {made.size}", "--", *names)
    if not _git(folder, "rev-parse", "--abbrev-ref", "@{upstream}", may_fail=True):
        _git(folder, "push")


_NAMELESS: Final = ("-c", "user.name=consent-mirror", "-c", "user.email=consent-mirror@localhost")


def _git(folder: Path, *words: str, may_fail: bool = False) -> int:
    program = shutil.which("git")
    if program is None:
        raise ConfigurationError(
            "git is not installed.", where="--git", next_step="Install git, or use --to with a folder."
        )
    try:
        done = subprocess.run(  # noqa: S603 - git with our own words, no shell
            [program, "-C", str(folder), *words],
            capture_output=True,
            timeout=GIT_S,
            check=False,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
    except subprocess.TimeoutExpired:
        raise NotCopied("git took too long.", where=str(folder), next_step="Try again.") from None
    if done.returncode and not may_fail:
        raise NotCopied(
            f"git {words[-1] if words[0] == 'push' else words[0]} failed ({done.returncode}).",
            where=str(folder),
            next_step=f"Make the folder a repository (`git init {folder.name}`) or mend it; then try again.",
        )
    return done.returncode


def _mail(settings: Settings, clock: Clock, made: Made) -> None:
    server, recipients = server_of(settings), recipients_of(settings, made.name)
    if server is None or not recipients or settings.report.from_ is None:
        raise ConfigurationError(
            "No mail is configured.",
            where="report",
            next_step="Set to, from and smtp_host in [report], then run `consent-mirror doctor`.",
        )
    language = settings.controller.languages[0]
    message = EmailMessage(policy=MAIL_POLICY)
    message["From"] = settings.report.from_
    message["To"] = ", ".join(recipients)
    message["Subject"] = SUBJECTS[language].format(name=made.name, size=made.size)
    message["Date"] = format_datetime(datetime.fromtimestamp(clock.now() // 1000, UTC))
    host = settings.report.from_.rpartition("@")[2]
    message["Message-ID"] = f"<checkpoint.{made.portal}.{made.size}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(BODIES[language].format(key=made.key))
    name = names_of(made)[0]
    message.add_attachment(made.note, charset="utf-8", filename=name)  # signatures begin with a dash
    send(message, server, clock)
