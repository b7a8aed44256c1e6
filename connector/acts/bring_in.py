"""Bring in: a spreadsheet is staged, shown, and recorded whole or not at all (design 1.1, `import`).

All or nothing without one long transaction: the rows wait in a sealed spool beside the keys, one write puts
the marker that decides the import, chunks of milliseconds follow. Before the marker nothing has happened;
after it everything will, also across a crash, because `finish` goes on where the marker stands.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from connector.acts import rows_gone
from connector.acts.desk import Desk
from connector.acts.sheets.opening import Opened, mapping_of, opened
from connector.acts.staged import PREFIX, Marker, apply, key, unfinished
from connector.acts.staging import Counts, Plan, stage
from connector.acts.who import purpose_of
from connector.consent.sheet_rows import Rules
from connector.errors import ConfigurationError
from connector.proof.seal import Vault
from connector.store.spool import Spool, SpoolDamaged
from mappings.sheet_mapping import SheetMapping

FILE_PART = 32  # of an import's name: which file; the rest: how it was read
KEPT, NEW = ENDINGS = ("spool", "new")
ASIDE = "damaged"  # rows that cannot be read: kept until the import ends or a person gives it up


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where spools lie (a folder of their own beside the keys) and what seals them."""

    folder: Path
    vault: Vault

    def path(self, name: str, ending: str = KEPT) -> Path:
        """The file of one import."""
        return self.folder / f"{name}.{ending}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asked for."""

    path: Path
    purpose: str | None = None
    mapping: str | None = None
    sheet: str | None = None
    evidence: Path | None = None
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What the file comes to. `spool` holds the details until the caller is done with them."""

    name: str
    opened: Opened
    counts: Counts
    spool: Spool
    done: Marker | None  # None: nothing was recorded, this was the dry run

    @property
    def events(self) -> int:
        """Statements that are recorded, or would be."""
        return self.done.events if self.done else self.spool.count("fact")


@contextmanager
def bring_in(desk: Desk, room: Room, wanted: Wanted) -> Iterator[Imported]:
    """Import a file, or see what would happen. The caller holds the portal's lock of this job.

    Raises ConfigurationError for a file, mapping or purpose that cannot be used: then nothing was stored.
    """
    sheet, rules = _opened(desk, wanted)
    name = _name(sheet, wanted, rules)
    finish(desk, room, again=name)
    spool = Spool.create(room.path(name, NEW), name, room.vault, desk.chance)
    try:
        plan = Plan(
            opened=sheet, rules=rules, vault=room.vault, evidence=wanted.evidence, again=_again(desk, name)
        )
        counts = stage(desk, plan, spool)
        done = _decided(desk, room, name, spool) if wanted.confirm else None
        yield Imported(name, sheet, counts, spool, done)
    finally:
        spool.close(remove=_may_go(desk, name))


def finish(desk: Desk, room: Room, *, again: str | None = None) -> int:
    """Go on with imports that were decided and interrupted; throw away what never was. How many went on.

    Raises ConfigurationError where the rows of one are gone or damaged, after a person was told and the
    others are done. `again`: this one is being made anew, with or without the rows that it left.
    """
    with desk.mirror.read(desk.portal) as work:
        left = unfinished(work)
    went_on = [name for name in left if room.path(name).exists() and _went_on(desk, room, name, left[name])]
    gone = {name: marker for name, marker in left.items() if name not in went_on and name != again}
    _tidy(room, still=gone.keys())
    for name, marker in gone.items():
        rows_gone.ask(desk, name, marker)
    if gone:
        raise _rows_gone(next(iter(gone)))
    return len(went_on)


def _went_on(desk: Desk, room: Room, name: str, marker: Marker) -> bool:
    """False: its rows cannot be read, or not all of them; the file is set aside, what was recorded stays."""
    try:
        spool = Spool.open(room.path(name), name, room.vault, desk.chance)
    except SpoolDamaged:
        room.path(name).replace(room.path(name, ASIDE))
        return False
    try:
        spool.must_hold(marker.facts)
        apply(desk, spool, name, marker)
    except SpoolDamaged:
        spool.close(remove=False)
        room.path(name).replace(room.path(name, ASIDE))
        return False
    spool.close(remove=True)
    rows_gone.found(desk, name)
    return True


def _tidy(room: Room, *, still: Collection[str]) -> None:
    """What was never decided goes, and what was set aside of imports that nobody waits for any more."""
    for ending in (*ENDINGS, ASIDE):
        for path in room.folder.glob(f"*.{ending}"):
            if ending != ASIDE or path.stem not in still:
                path.unlink()


def _rows_gone(name: str) -> ConfigurationError:
    return ConfigurationError(
        "The rows of an import that was interrupted are gone or damaged.",
        where=f"{name}.{KEPT}",
        next_step="Run the same import again with --confirm: what is recorded is not recorded twice. Or see "
        "`consent-mirror review list`.",
    )


def is_unfinished(desk: Desk) -> bool:
    """An import was decided and is not at its end: interrupted, or at work."""
    with desk.mirror.read(desk.portal) as work:
        return bool(unfinished(work))


def _again(desk: Desk, name: str) -> bool:
    """This very file was imported before, read in this way or another."""
    with desk.mirror.read(desk.portal) as work:
        return any(each.startswith(PREFIX + name[:FILE_PART]) for each in work.meta.all())


def _marker(desk: Desk, name: str) -> Marker | None:
    with desk.mirror.read(desk.portal) as work:
        value = work.meta.get(key(name))
    return Marker(**value) if value else None


def _may_go(desk: Desk, name: str) -> bool:
    """A spool that is decided and not finished is all that a later run has to go on from."""
    marker = _marker(desk, name)
    return marker is None or marker.finished


def _decided(desk: Desk, room: Room, name: str, spool: Spool) -> Marker:
    """The moment of decision: the spool lasts on disk, then one short write says so."""
    spool.keep(room.path(name))
    marker = Marker(facts=spool.count("fact"))
    with desk.mirror.write(desk.portal) as work:
        work.meta.put(key(name), marker.document())
    done = apply(desk, spool, name, marker)
    rows_gone.found(desk, name)
    return done


def _opened(desk: Desk, wanted: Wanted) -> tuple[Opened, Rules]:
    mapping = mapping_of(wanted.mapping)
    default = wanted.purpose or mapping.purpose
    if default is not None:
        purpose_of(desk.purposes, default)
    _check_purposes(desk, mapping)
    sheet = opened(wanted.path, desk.purposes, mapping, wanted.sheet)
    rules = Rules(
        layout=sheet.layout,
        mapping=mapping,
        purposes=desk.purposes,
        zone=desk.zone,
        now=desk.clock.now(),
        default=default,
        mac_days=sheet.sheet.mac_days,
    )
    return sheet, rules


def _check_purposes(desk: Desk, mapping: SheetMapping) -> None:
    named = {purpose for _, purpose in mapping.columns.values() if purpose not in {None, "*"}}
    unknown = sorted(each for each in named if each is not None and each not in desk.purposes)
    if unknown:
        names = ", ".join(each.key for each in desk.purposes)
        raise ConfigurationError(
            f"The mapping names purposes that are not configured: {', '.join(unknown)}.",
            where="--mapping",
            next_step=f"Say one of: {names}, or any.",
        )


def _name(sheet: Opened, wanted: Wanted, rules: Rules) -> str:
    """The same file read in the same way is the same import."""
    words = rules.mapping.words
    how = (
        wanted.sheet,
        rules.default,
        sorted((k, *v) for k, v in rules.mapping.columns.items() if v[1] is not None),
        [sorted(each) for each in (words.yes, words.no, words.silent)],
        rules.mapping.every_row,
        [(column.index, str(column.field), column.purpose) for column in sheet.layout.columns],
    )
    return sheet.sha256[:FILE_PART] + sha256(repr(how).encode()).hexdigest()[:16]
