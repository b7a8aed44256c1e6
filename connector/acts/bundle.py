"""`person bundle`: what the log holds about one person, with every proof, in one file for a third party."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from connector.acts.checkpoint import Journal, Made, keys_of, sign_checkpoint
from connector.acts.desk import Desk
from connector.acts.looks import Kind, Look, looked_up
from connector.errors import Refused
from connector.proof import canon
from connector.proof.bundle import RULES, SCHEMA, Bundle, BundleEntry, BundleText, Earlier, sealed, text_of
from connector.proof.chain import Header, Opened, event_id, seq_of
from connector.proof.merkle import consistency_proofs, inclusion_proofs
from connector.proof.seal import SealBroken
from connector.proof.trust import origin_of
from connector.store.people import Person
from connector.store.work import Work
from mappings.times import iso

PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Bundled:
    """The file's bytes and what is in it."""

    data: bytes
    subject: str
    entries: int
    texts: int
    checkpoint: Made


def bundle(desk: Desk, journal: Journal, look: Look, controller: dict[str, str]) -> Bundled | None:
    """Everything about one person, proved up to a checkpoint that is signed for it; None for a stranger.

    The look is logged first and is part of the bundle. Raises Refused (exit 3) where the log is broken.
    """
    person = looked_up(desk, look, Kind.BUNDLE)
    if person is None:
        return None
    made = sign_checkpoint(journal)
    try:
        with desk.mirror.read(desk.portal) as work:
            found = _gathered(desk, work, journal, person, made, controller)
    except SealBroken:
        raise Refused(
            "A payload of this person does not open: it was edited or moved.",
            kind="payload_broken",
            next_step="Run `consent-mirror log verify --payloads`.",
        ) from None
    data = sealed(found, journal.signer)
    return Bundled(data, person.ref, len(found.entries), len(found.texts), made)


def _gathered(
    desk: Desk, work: Work, journal: Journal, person: Person, made: Made, controller: dict[str, str]
) -> Bundle:
    family = work.people.by_ids(work.people.family([person.id])[person.id])
    refs = sorted(each.ref for each in family.values())
    headers = _headers(work, refs, made.size)
    opened = work.log.opened(header.seq for header in headers)
    indexes = (header.seq - 1 for header in headers)
    proofs = inclusion_proofs(indexes, made.size, work.log.hashes(made.size))
    texts = _texts(work, headers, opened.values())
    held = {each.sha256 for each in texts}
    return Bundle(
        about=_about(desk, work, person, controller),
        checkpoint=made.note,
        earlier=tuple(_earlier(work, made.size)),
        entries=tuple(_entry(header, opened.get(header.seq), proofs[header.seq - 1]) for header in headers),
        key=str(journal.signer.verifier),
        missing_texts=tuple(sorted(_named(headers) - held)),
        origin=origin_of(desk.portal),
        rotations=keys_of(work, journal.signer)[1],
        rules=RULES,
        schema=SCHEMA,
        subjects=tuple(refs),
        texts=tuple(texts),
    )


def _about(desk: Desk, work: Work, person: Person, controller: dict[str, str]) -> dict[str, Any]:
    """Told, and sealed, but not proved by the log: that these addresses are this person's."""
    addresses = work.people.addresses([person.id]).get(person.id, [])
    return {
        "controller": controller,
        "portal_id": desk.portal,
        "made_at": iso(desk.clock.now()),
        "purposes": {purpose.key: dict(purpose.title) for purpose in desk.purposes},
        "addresses": [{"ref": a.ref, "kind": a.kind, "address": a.original} for a in addresses],
    }


def _headers(work: Work, refs: Iterable[str], size: int) -> list[Header]:
    """The person's headers and those of key rotations, in order."""
    found = [header for ref in refs for header in every_header(work, ref) if header.seq <= size]
    rotations = (seq_of(each) for each in work.meta.get("key_rotations") or ())
    found += [header for seq in rotations if seq for header in work.log.headers(seq - 1, 1)]
    return sorted((each for each in found if each.seq <= size), key=lambda header: header.seq)


def every_header(work: Work, ref: str | None = None, since: int = 0) -> Iterator[Header]:
    """Headers in order, a page at a time."""
    while page := work.log.headers(since, PAGE, ref):
        yield from page
        since = page[-1].seq


def _entry(header: Header, opened: Opened | None, proof: tuple[bytes, ...]) -> BundleEntry:
    return BundleEntry(
        header=header,
        inclusion=tuple(each.hex() for each in proof),
        payload=None if opened is None else opened.data.decode(),
        salt=None if opened is None else opened.salt.hex(),
    )


def _earlier(work: Work, size: int) -> Iterator[Earlier]:
    """Every older checkpoint with its proof; an empty log is the beginning of every other without one."""
    known = [each for each in work.checkpoints.all() if each.size < size]
    sizes = [each.size for each in known if each.size]
    proofs = consistency_proofs(sizes, size, work.log.hashes(size)) if sizes else {}
    for each in known:
        yield Earlier(tuple(step.hex() for step in proofs.get(each.size, ())), each.note)


def _named(headers: Iterable[Header]) -> set[str]:
    return {name for header in headers for name in (header.wording_hash, header.notice_hash) if name}


def _texts(work: Work, headers: list[Header], opened: Iterable[Opened]) -> list[BundleText]:
    """Texts that headers name, and those that payloads name (form definitions and the like)."""
    hashes = _named(headers) | {name for each in opened for name in _hashes(canon.decode(each.data))}
    held = work.blobs.get(sorted(hashes))
    return [text_of(each.data, each.kind, each.language) for _, each in sorted(held.items())]


def _hashes(value: Any) -> Iterator[str]:
    """Whatever in a payload looks like a SHA-256."""
    if isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef"):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _hashes(each)
    elif isinstance(value, list):
        for each in value:
            yield from _hashes(each)


def header_document(header: Header) -> dict[str, Any]:
    """One line of `log show --json`: the header, and the event id that it makes."""
    fields = {name: getattr(header, name) for name in header.__struct_fields__}
    return {"event": event_id(header), **fields, "recorded_at": iso(header.recorded_at)}
