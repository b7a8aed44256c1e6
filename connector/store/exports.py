"""The ledger of files with personal data that we wrote: which, who, why, how many, until when."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, select, update

from connector.proof.seal import NONCE_BYTES, seal, unseal
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.tables import export, person


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExport:
    """A file that is about to be written. `person_id`: it is about one person. Times in ms UTC."""

    kind: str
    purpose: str
    made_by: str
    made_at: int
    destroy_by: int
    path: str
    person_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One file. Without `sha256`: its writing was cut off. `path` is None once the file is gone."""

    id: int
    kind: str
    purpose: str
    made_by: str
    made_at: int
    destroy_by: int
    path: str | None
    person_id: int | None
    subject_ref: str | None
    count: int | None
    sha256: str | None
    ended_at: int | None
    outcome: str | None
    ended_by: str | None


_PLACE: Final = b"export"


class Exports:
    """The files of one portal. A path may name somebody: it is sealed, and goes with the file."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._mine = export.c.portal == scope.portal

    def begin(self, new: NewExport) -> int:
        """Written down before the first byte of the file is; its number."""
        sealed = seal(
            self._scope.vault.own, self._scope.chance.bytes(NONCE_BYTES), new.path.encode(), self._place()
        )
        values = {
            "portal": self._scope.portal,
            "kind": new.kind,
            "purpose": new.purpose,
            "made_by": new.made_by,
            "made_at": new.made_at,
            "destroy_by": new.destroy_by,
            "path": sealed,
            "person_id": new.person_id,
        }
        made = self._connection.execute(insert(export).values(values).returning(export.c.id))
        return int(made.scalar_one())

    def finish(self, number: int, count: int, sha256: str) -> None:
        """The file is whole: how many it names, and its hash."""
        self._set(number, {"people": count, "sha256": bytes.fromhex(sha256)})

    def mark(self, number: int, outcome: str) -> None:
        """What is about to happen to the file; it still stands."""
        self._set(number, {"outcome": outcome})

    def end(self, number: int, outcome: str, by: str, now: int) -> None:
        """The file is gone, and with it its path."""
        self._set(number, {"ended_at": now, "outcome": outcome, "ended_by": by, "path": None})

    def get(self, number: int) -> Export | None:
        """One by its number."""
        row = self._connection.execute(self._select().where(export.c.id == number)).one_or_none()
        return self._export(row) if row else None

    def standing(self, due: int | None = None) -> list[Export]:
        """Files that are not gone, by the day they are to be; `due`: only those of before (ms UTC)."""
        statement = self._select().where(export.c.ended_at.is_(None))
        if due is not None:
            statement = statement.where(export.c.destroy_by <= due)
        return self._all(statement.order_by(export.c.destroy_by, export.c.id))

    def every(self, limit: int = 10_000) -> list[Export]:
        """The newest first, those that are gone included."""
        return self._all(self._select().order_by(export.c.id.desc()).limit(limit))

    def _all(self, statement: Any) -> list[Export]:
        return [self._export(row) for row in self._connection.execute(statement)]

    def _set(self, number: int, values: dict[str, Any]) -> None:
        self._connection.execute(update(export).where(self._mine, export.c.id == number).values(values))

    def _select(self) -> Any:
        joined = (person.c.id == export.c.person_id) & (person.c.portal == export.c.portal)
        return select(export, person.c.ref).outerjoin(person, joined).where(self._mine)

    def _export(self, row: bulk.AnyRow) -> Export:
        opened = None if row.path is None else unseal(self._scope.vault.own, row.path, self._place())
        return Export(
            id=row.id,
            kind=row.kind,
            purpose=row.purpose,
            made_by=row.made_by,
            made_at=row.made_at,
            destroy_by=row.destroy_by,
            path=None if opened is None else opened.decode(),
            person_id=row.person_id,
            subject_ref=None if row.ref is None else row.ref.hex(),
            count=row.people,
            sha256=None if row.sha256 is None else row.sha256.hex(),
            ended_at=row.ended_at,
            outcome=row.outcome,
            ended_by=row.ended_by,
        )

    def _place(self) -> bytes:
        return self._scope.vault.place(_PLACE, b"path")
