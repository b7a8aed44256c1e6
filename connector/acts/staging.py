"""First half of an import: every row is read, screened and judged, and waits in a spool. Nothing is stored.

Suppressed addresses are screened before anything about them is written anywhere, the spool included
(consent-domain 0, rule 7). A yes for somebody who said no is not taken: a sheet cannot lift a no.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final

from connector.acts.desk import Desk
from connector.acts.sheets import limits
from connector.acts.sheets.opening import Opened
from connector.consent.events import Overlay, State
from connector.consent.sheet_rows import Reading, Row, Rules, Statement, judged, read_row
from connector.proof import canon
from connector.proof.seal import Vault
from connector.store.people import AddressKind
from connector.store.spool import Fact, Spool
from connector.store.work import Work

BATCH: Final = 1_000
WORDINGS: Final = 20  # different wordings in one file; more are notes about people, not wordings
ARTEFACT: Final = 100 << 20  # octets of one evidence file
STOPPED: Final = frozenset({State.WITHDRAWN, State.DENIED})
SAID_NO: Final = "the person has said no; a sheet cannot lift a no"
RESTRICTED: Final = "processing of this person's data is restricted"
SHARED: Final = "several people use this address; a yes cannot be tied to one of them"
NO_ARTEFACT: Final = "the evidence file is not in the folder"
MANY_WORDINGS: Final = f"more than {WORDINGS} different wordings: the column holds no wordings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to import. `evidence`: the folder with an artefact for each row. `again`: it was imported
    before."""

    opened: Opened
    rules: Rules
    vault: Vault
    evidence: Path | None = None
    again: bool = False


@dataclass(slots=True)
class Counts:
    """Rows by what they came to; `suppressed` is only ever a number."""

    rows: int = 0
    empty: int = 0
    silent: int = 0
    suppressed: int = 0
    duplicates: int = 0
    already: int = 0
    wordings: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the mirror knows about the addresses of a batch, asked in one go."""

    suppressed: frozenset[str]
    people: Mapping[str, Sequence[int]]  # address -> who has or had it
    stopped: frozenset[tuple[int, str]]
    restricted: frozenset[int]
    shared: frozenset[str]
    recorded: Mapping[int, frozenset[str]]  # source references, where the file was imported before


def stage(desk: Desk, plan: Plan, spool: Spool) -> Counts:
    """Read the whole sheet into the spool. Raises ConfigurationError where the file cannot be read on."""
    counts = Counts()
    rows = plan.opened.rows()
    while batch := list(islice(rows, BATCH)):
        _stage_batch(desk, plan, spool, counts, batch)
        if counts.rows > limits.ROWS:
            raise limits.unreadable(
                plan.opened.path, f"The file has more than {limits.ROWS:,} rows.", "Import it in parts."
            )
    spool.settle()
    return counts


def _stage_batch(desk: Desk, plan: Plan, spool: Spool, counts: Counts, rows: Sequence[Row]) -> None:
    readings = [(row, read_row(row, plan.rules)) for row in rows]
    addresses = {each.address for _, reading in readings for each in reading.statements}
    with desk.mirror.read(desk.portal) as work:
        known = _asked(work, addresses, again=plan.again)
    problems: list[tuple[int, str]] = []
    facts: list[Fact] = []
    for row, reading in readings:
        facts += _facts(plan, counts, known, row, reading)
        problems += [(row.number, problem) for problem in reading.problems]
    counts.duplicates += spool.add(facts)
    spool.reject(problems)


def _facts(plan: Plan, counts: Counts, known: _Known, row: Row, reading: Reading) -> Iterator[Fact]:
    """The facts of one row. Whoever is suppressed leaves no trace but the count."""
    counts.rows += not reading.empty
    counts.empty += reading.empty
    counts.silent += reading.silent
    if any(each.address in known.suppressed for each in reading.statements):
        counts.suppressed += 1
        reading.statements = [s for s in reading.statements if s.is_no and s.address not in known.suppressed]
        reading.problems = []
    digest = sha256(canon.encode(list(row.cells))).hexdigest() if reading.statements else ""
    for statement in reading.statements:
        judgement = _judged(plan, counts, known, statement)
        if isinstance(judgement, str):
            reading.problems.append(judgement)
            continue
        fact = _fact(plan, known, row, judgement, digest)
        if _is_recorded(known, judgement.address, fact):
            counts.already += 1
        else:
            yield fact


def _judged(plan: Plan, counts: Counts, known: _Known, statement: Statement) -> Statement | str:
    """The statement as it will be recorded, or why it is not."""
    if statement.is_no:
        return statement
    people = known.people.get(statement.address, ())
    if any((person, statement.purpose) in known.stopped for person in people):
        return SAID_NO
    if any(person in known.restricted for person in people):
        return RESTRICTED
    if statement.address in known.shared:
        return SHARED
    digest = None
    if statement.evidence is not None and plan.evidence is not None:
        digest = artefact(plan.evidence, statement.evidence)
        if digest is None:
            return NO_ARTEFACT
    done = judged(statement, plan.rules.purposes, evidence=digest)
    return done if _is_wording(counts, done) else MANY_WORDINGS


def _is_wording(counts: Counts, statement: Statement) -> bool:
    if statement.wording is None or statement.wording in counts.wordings:
        return True
    if len(counts.wordings) >= WORDINGS:
        return False
    counts.wordings.add(statement.wording)
    return True


def artefact(folder: Path, name: str) -> str | None:
    """SHA-256 of a file of that very name in the folder; None where there is none that may be read."""
    path = folder / name
    if Path(name).name != name or name in {".", ".."} or path.is_symlink() or not path.is_file():
        return None
    if path.stat().st_size > ARTEFACT:
        return None
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _fact(plan: Plan, known: _Known, row: Row, said: Statement, digest: str) -> Fact:
    purpose = plan.rules.purposes.get(said.purpose)
    plain: dict[str, Any] = {
        "address": said.address,
        "spelled": said.spelled,
        "purpose": said.purpose,
        "type": str(said.type),
        "grade": int(said.grade),
        "lo": said.lo,
        "hi": said.hi,
        "said": said.said_source,
        "wording": said.wording,
        "evidence": said.evidence,
    }
    content = plan.vault.source_ref(b"import", canon.encode(plain).decode())
    source = f"import:{plan.opened.sha256}:{content.hex()}"
    return Fact(
        line=row.number,
        content=content,
        # not the mirror's own reference: a spool that is left behind joins to nothing
        ref=plan.vault.source_ref(b"import-address", said.address),
        purpose=said.purpose,
        marketing=purpose is not None and purpose.marketing,
        type=str(said.type),
        is_no=said.is_no,
        known=bool(known.people.get(said.address)),
        evidence=bytes.fromhex(said.evidence) if said.evidence and not said.is_no else None,
        plain={**plain, "evidence": None if said.is_no else said.evidence, "source": source, "row": digest},
    )


def _is_recorded(known: _Known, address: str, fact: Fact) -> bool:
    people = known.people.get(address, ())
    return any(fact.plain["source"] in known.recorded.get(person, ()) for person in people)


def _asked(work: Work, addresses: set[str], *, again: bool) -> _Known:
    suppressed = frozenset(work.suppression.screen(addresses)) if addresses else frozenset()
    refs = work.people.address_refs(addresses - suppressed)
    users = work.people.persons_of(refs.values())
    people = {address: users[ref] for address, ref in refs.items() if ref in users}
    ids = {person for each in people.values() for person in each}
    states = work.states.of(ids) if ids else {}
    found = work.people.by_ids(ids) if ids else {}
    return _Known(
        suppressed=suppressed,
        people=people,
        stopped=frozenset(key for key, row in states.items() if row.state in STOPPED),
        restricted=frozenset(each.id for each in found.values() if each.overlay is Overlay.RESTRICTED),
        shared=frozenset(_shared(work, people)),
        recorded=_recorded(work, ids) if again else {},
    )


def _shared(work: Work, people: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """Addresses that several people use now; somebody who used it once does not count beside them."""
    several = {address: ids for address, ids in people.items() if len(ids) > 1}
    held = work.people.addresses({each for ids in several.values() for each in ids}) if several else {}
    for address, ids in several.items():
        kinds = [a.kind for each in ids for a in held.get(each, ()) if a.normalised == address]
        if Counter(kind is AddressKind.PAST for kind in kinds)[False] != 1:
            yield address


def _recorded(work: Work, ids: set[int]) -> dict[int, frozenset[str]]:
    return {
        person: frozenset(each.source_ref for each in events if each.source_ref is not None)
        for person, events in work.log.events_of(ids).items()
    }
