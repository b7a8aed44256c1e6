"""Every wording and notice ever seen: where, when, by how many people, and what each lacks."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from connector.acts.desk import Desk
from connector.consent import wordings
from connector.consent.lint import WORDS, Flaw, Text, lint
from connector.errors import Refused
from connector.report.discrepancies import Kind
from connector.report.findings import Sighting, without_person
from connector.store.blobs import Blob, BlobUse
from connector.store.work import Work
from mappings.purposes import Purpose
from mappings.times import iso

KINDS = (wordings.WORDING, wordings.NOTICE)


@dataclass(slots=True)
class Seen:
    """One text with its places, and the period in which we saw it in force. Times in ms UTC."""

    blob: Blob
    uses: list[BlobUse] = field(default_factory=list)
    people: int = 0

    @property
    def first_seen(self) -> int:
        """When it was seen first, anywhere."""
        return min(use.first_seen for use in self.uses)

    @property
    def last_seen(self) -> int:
        """When it was seen last, anywhere."""
        return max(use.last_seen for use in self.uses)

    def document(self) -> dict[str, object]:
        """One entry of `wording list --json`."""
        return {
            "hash": self.blob.hash,
            "kind": self.blob.kind,
            "language": self.blob.language,
            "places": [
                {"place": use.place, "first_seen": iso(use.first_seen), "last_seen": iso(use.last_seen)}
                for use in self.uses
            ],
            "first_seen": iso(self.first_seen),
            "last_seen": iso(self.last_seen),
            "people": self.people,
        }


def every(work: Work) -> list[Seen]:
    """Every wording and notice of the portal, the newest first."""
    uses = [use for kind in KINDS for use in work.blobs.uses(kind)]
    blobs = work.blobs.get({use.hash for use in uses})
    found = {hashed: Seen(blob) for hashed, blob in blobs.items()}
    for use in uses:
        found[use.hash].uses.append(use)
    for hashed, count in work.blobs.people().items():
        if hashed in found:
            found[hashed].people = count
    return sorted(found.values(), key=lambda seen: (-seen.last_seen, seen.blob.kind, seen.blob.hash))


def one(desk: Desk, prefix: str) -> Seen:
    """One by its hash or the beginning of it. Raises Refused when none or several begin so."""
    with desk.mirror.read(desk.portal) as work:
        found = [seen for seen in every(work) if seen.blob.hash.startswith(prefix.lower())]
    if len(found) != 1 or len(prefix) < 4:
        raise Refused(
            "No wording has this hash." if not found else "Several wordings begin like this.",
            where="HASH",
            kind="no_such_wording",
            next_step="See `consent-mirror wording list`; four unique digits or more are enough.",
        )
    return found[0]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one wording lacks, for the purpose of the box that it stands beside."""

    hash: str
    place: str
    purpose: str | None
    since: int
    flaws: tuple[Flaw, ...]

    def document(self) -> dict[str, object]:
        """One entry of `wording lint --json`."""
        return {
            "hash": self.hash,
            "place": self.place,
            "purpose": self.purpose,
            "since": iso(self.since),
            "lacks": [
                {"flaw": flaw, "sv": WORDS[flaw]["sv"], "en": WORDS[flaw]["en"]} for flaw in self.flaws
            ],
        }


def findings(
    desk: Desk, work: Work, controller: str, languages: Collection[str], *, current: bool = False
) -> list[Finding]:
    """What every wording lacks; `current`: only those that were in force when their place was read last."""
    seen = every(work)
    notices = [each for each in seen if each.blob.kind == wordings.NOTICE]
    found = []
    for each in seen:
        if each.blob.kind != wordings.WORDING:
            continue
        for use in each.uses:
            if current and not _is_current(use, seen):
                continue
            purpose = _purpose(desk, use.place)
            text = Text(
                wording=each.blob.data.decode(),
                notice=_notice_beside(use, notices),
                language=each.blob.language,
            )
            flaws = tuple(lint(text, controller, purpose, languages))
            key = purpose.key if purpose else None
            found.append(Finding(each.blob.hash, use.place, key, use.first_seen, flaws))
    return [finding for finding in found if finding.flaws]


def _is_current(use: BlobUse, seen: Iterable[Seen]) -> bool:
    """The last text that was seen in its place; of what people recorded by hand every one is."""
    if not use.place.startswith("form:"):
        return True
    rivals = [
        other.last_seen
        for each in seen
        if each.blob.kind == wordings.WORDING
        for other in each.uses
        if other.place == use.place
    ]
    return use.last_seen >= max(rivals)


def _purpose(desk: Desk, place: str) -> Purpose | None:
    kind, _, rest = place.partition(":")
    number = rest.rpartition(":")[2]
    return desk.purposes.of_subscription(int(number)) if kind == "form" and number.isdigit() else None


def _notice_beside(use: BlobUse, notices: Sequence[Seen]) -> str:
    """The notice that stood on the same form at the same time, or was recorded at the same door."""
    place = use.place.rpartition(":")[0] if use.place.startswith("form:") else use.place
    beside = [
        (other.last_seen, notice.blob.data.decode())
        for notice in notices
        for other in notice.uses
        if other.place == place and other.first_seen <= use.last_seen and use.first_seen <= other.last_seen
    ]
    return max(beside)[1] if beside else ""


def for_the_report(desk: Desk, controller: str, languages: Collection[str]) -> tuple[Sighting, ...]:
    """The flaws of the wordings in force, as discrepancies of the nightly report."""
    with desk.mirror.read(desk.portal) as work:
        found = findings(desk, work, controller, languages, current=True)
    return tuple(
        without_person(Kind.WORDING, each.since, f"{each.hash[:12]}:{flaw}")
        for each in found
        for flaw in each.flaws
    )
