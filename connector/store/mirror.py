"""The mirror: one database, opened with its keys; transactions per portal."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select

from connector.clock import Chance, Clock
from connector.errors import ConfigurationError
from connector.proof.keys import Keys
from connector.proof.seal import SuppressionKeys, Vault, check_value
from connector.store import bulk, fences, moving, notes, schema, suppression
from connector.store.answered import Answered
from connector.store.due import DueRow, timetables
from connector.store.engine import Database, make_file, parse
from connector.store.journal import Journal, Kept
from connector.store.late import LateLooks
from connector.store.scope import Scope
from connector.store.suppression import SuppressionKind
from connector.store.tables import head, meta
from connector.store.turns import Turns
from connector.store.work import Work

_MIRROR = 0  # the "portal" of what belongs to the whole mirror
_KEY_CHECK = "key_check"
_PROBE = "probe"


class Mirror:
    """The database of all portals."""

    def __init__(
        self, database: Database, keys: Keys, clock: Clock, chance: Chance, journal: Journal | None = None
    ) -> None:
        self.journal = journal
        self._database = database
        self._keys = keys
        self._clock = clock
        self._chance = chance
        self._fences: Mapping[int, int] = {}
        self._turns = Turns(database.path)
        self._is_first = False
        #: Derived once a portal: each transaction takes a copy that remembers nobody's address.
        self._secrets: dict[int, tuple[Vault, SuppressionKeys]] = {}

    def fenced(self, portal: int, number: int) -> "Mirror":
        """The same mirror for one turn of a fleet's worker: writes to the portal end with Fenced once another
        worker has taken it over."""
        made = Mirror(self._database, self._keys, self._clock, self._chance, self.journal)
        made._fences, made._secrets = {portal: number}, self._secrets
        return made

    def first(self) -> "Mirror":
        """The same mirror for what a person waits for: its writes go before those of bulk work."""
        made = Mirror(self._database, self._keys, self._clock, self._chance, self.journal)
        made._fences, made._secrets, made._turns = self._fences, self._secrets, self._turns
        made._is_first = True
        return made

    @classmethod
    def create(
        cls, url: str, keys: Keys, clock: Clock, chance: Chance, journal: Journal | None = None
    ) -> "Mirror":
        """Make the database where there is none, bring its schema up to date, open it. What exists is kept.

        `journal` keeps noes and erasures beside the keys. On PostgreSQL the database itself must exist.
        Raises as `open` does.
        """
        parsed = parse(url)
        database = Database(parsed)
        if database.path:
            make_file(database.path)
        return cls._opened(database, keys, clock, chance, journal)

    @classmethod
    def open(
        cls,
        url: str,
        keys: Keys,
        clock: Clock,
        chance: Chance,
        journal: Journal | None = None,
        *,
        guards: bool = True,
    ) -> "Mirror":
        """Open an existing one; an older schema is brought up to date.

        `guards` False opens it with its guards gone too: for `log verify`, which has to tell what came of it.

        Raises ConfigurationError: no database, schema newer than the program, keys of another database;
        DatabaseUnavailable: locked, full, server not reachable.
        """
        database = Database(parse(url))
        if database.path and not database.path.exists():
            raise _missing(database)
        if database.path and not database.path.is_file():
            raise _no_file(database)
        with database.begin(database.reader) as connection:
            found = schema.version(connection, database.place)
        if found is None:
            database.close()
            raise _missing(database)
        return cls._opened(database, keys, clock, chance, journal, guards=guards)

    @classmethod
    def _opened(
        cls,
        database: Database,
        keys: Keys,
        clock: Clock,
        chance: Chance,
        journal: Journal | None,
        *,
        guards: bool = True,
    ) -> "Mirror":
        try:
            schema.upgrade(database)
            with database.begin(database.reader) as connection:
                schema.check_parts(connection, database.place, guards=guards)
                moving.check_here(connection, database.place)
            _check_keys(database, keys)
        except BaseException:
            database.close()
            raise
        return cls(database, keys, clock, chance, journal)

    @contextmanager
    def write(self, portal: int) -> Iterator[Work]:
        """One transaction: commits on a clean exit, rolls back on an exception; one writer per portal.

        SQLite has one writer in all (BEGIN IMMEDIATE, others wait up to 5 s): keep it under 100 ms and never
        hold it over a call to HubSpot.
        """
        with self._in_turn(), self._database.begin(self._database.writer) as connection:
            _take_turn(connection, portal)
            if portal in self._fences:
                fences.check(connection, portal, self._fences[portal])
            scope = self._scope(connection, portal)
            yield Work(scope)
            self._write_journal(scope)
        if self.journal is not None and scope.lifted:
            for hashed, kind in scope.lifted:
                self.journal.lift(portal, [hashed], kind)

    @contextmanager
    def read(self, portal: int) -> Iterator[Work]:
        """One snapshot beside any writer; a write in it is an error."""
        with self._database.begin(self._database.reader) as connection:
            yield Work(self._scope(connection, portal))

    def suppress(self, portal: int, normalised: str, kind: SuppressionKind, scope: str = "*") -> bool:
        """Add to the suppression list; False: it was there.

        A transaction of its own, so that neither order nor time joins an entry to a person (design 3); to be
        called outside of `write`. `scope` is a purpose or `*`.
        """
        with self._database.begin(self._database.writer) as connection:
            made = self._scope(connection, portal)
            entry = suppression.entry(made, normalised, kind, scope)
            if entry is None:
                return False
            if self.journal is not None:
                self.journal.suppress(entry)
            suppression.put(made, [entry])
        with self._database.begin(self._database.writer) as connection:  # apart, for the same reason
            made = self._scope(connection, portal)
            Answered(made).forget_addresses([made.vault.address_ref(normalised).hex()])
        return True

    def suppress_again(self, entries: Sequence[Kept]) -> None:
        """Put back what the copy of the suppression list holds (after a restore)."""
        with self._database.begin(self._database.writer) as connection:
            suppression.put(self._scope(connection, _MIRROR), entries)

    def portals(self) -> list[int]:
        """Portals that have a log."""
        with self._database.begin(self._database.reader) as connection:
            statement = select(head.c.portal).where(head.c.size > 0).order_by(head.c.portal)
            return list(connection.execute(statement).scalars())

    def late_looks(self, portal: int) -> LateLooks | None:
        """Where looks wait that the log could not take; None for a mirror without a journal."""
        if self.journal is None:
            return None
        return LateLooks(self.journal.path.with_suffix(f".looks-{portal}"))

    def timetables(self) -> dict[int, dict[str, DueRow]]:
        """The timetable of every portal, by job."""
        with self._database.begin(self._database.reader) as connection:
            return timetables(connection)

    def truncate_wal(self) -> bool:
        """After an erasure: move SQLite's write-ahead log into the database and empty it.

        False: a reader held it; the next call or checkpoint will do it. True on PostgreSQL, which has none of
        ours.
        """
        if self._database.path is None:
            return True
        with self._database.writer.connect() as connection:
            driver = connection.connection.driver_connection
            busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] if driver else 1
        return not busy

    def probe(self) -> bool:
        """Can it be written to, and is its schema ours? Raises DatabaseUnavailable where not."""
        with self._database.begin(self._database.writer) as connection:
            bulk.upsert(
                connection, meta, ("portal", "key", "value"), [(_MIRROR, _PROBE, str(self._clock.now()))]
            )
            return schema.version(connection) == schema.NEWEST

    def guard_problem(self) -> str | None:
        """What is wrong with the guards of the append-only tables; None where nothing is."""
        with self._database.begin(self._database.reader) as connection:
            return schema.guard_problem(connection)

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    @property
    def link_key(self) -> bytes:
        """The key that signs links; nothing else does."""
        return self._keys.links

    @property
    def place(self) -> str:
        """How errors name the database: without user and password."""
        return self._database.place

    @property
    def engine(self) -> Engine:
        """For `log verify`'s stream and the tests of this room."""
        return self._database.reader

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self._is_first:
            with self._turns.first():
                yield
        else:
            self._turns.give_way()
            yield

    def _write_journal(self, scope: Scope) -> None:
        """Before the commit: what is acknowledged is in the journal, whatever becomes of the database."""
        if self.journal is None:
            return
        if scope.erased:
            self.journal.erase(scope.portal, scope.erased)
        noted = [each for each in scope.noted if each.header.subject_ref not in scope.erased]
        if noted:
            lines = notes.lines(scope, noted)
            self.journal.append(lines, durable=any(each.ours for each in noted))
        self.journal.append(notes.destroyed(scope))

    def _scope(self, connection: Connection, portal: int) -> Scope:
        moving.check_here(connection, self.place)
        vault, listed = self._secrets_of(portal)
        return Scope(
            connection=connection,
            portal=portal,
            clock=self._clock,
            chance=self._chance,
            vault=vault.fresh(),
            suppression=listed,
        )

    def _secrets_of(self, portal: int) -> tuple[Vault, SuppressionKeys]:
        known = self._secrets.get(portal)
        if known is None:
            keys = self._keys
            known = Vault(keys.master, portal), SuppressionKeys(keys.suppression, portal)
            self._secrets[portal] = known
        return known


def _take_turn(connection: Connection, portal: int) -> None:
    """PostgreSQL: one writer per portal, as SQLite has it, by locking the head row until the end."""
    if connection.dialect.name != "postgresql":
        return
    locked = select(head.c.portal).where(head.c.portal == portal).with_for_update()
    if connection.execute(locked).first() is None:
        empty = "INSERT INTO head (portal, size, hash, recorded_at, nodes) VALUES (%s, 0, %s, 0, %s) "
        connection.exec_driver_sql(empty + "ON CONFLICT DO NOTHING", (portal, bytes(32), b""))
        connection.execute(locked)


def _check_keys(database: Database, keys: Keys) -> None:
    """Raises ConfigurationError unless these are the keys that the database was made with.

    Only a new database is written to: opening one waits for nobody who is writing.
    """
    told = ",".join(check_value(key) for key in (keys.master, keys.suppression[-1]))
    with database.begin(database.reader) as connection:
        stored = _stored_check(connection)
    if stored is None:
        with database.begin(database.writer) as connection:
            stored = _stored_check(connection)
            if stored is None:
                row = (_MIRROR, _KEY_CHECK, told)
                bulk.upsert(connection, meta, ("portal", "key", "value"), [row])
                return
    if stored != told:
        raise ConfigurationError(
            "The key file belongs to another database.",
            where=database.place,
            next_step="Name the key file that was made with this database under [mirror] keys.",
        )


def _stored_check(connection: Connection) -> str | None:
    mine = (meta.c.portal == _MIRROR, meta.c.key == _KEY_CHECK)
    return connection.execute(select(meta.c.value).where(*mine)).scalar_one_or_none()


def _no_file(database: Database) -> ConfigurationError:
    return ConfigurationError(
        "What lies in the database's place is no file.",
        where=database.place,
        next_step="Move it away and run `consent-mirror restore`, or correct mirror.database.",
    )


def _missing(database: Database) -> ConfigurationError:
    return ConfigurationError(
        "There is no mirror here yet.", where=database.place, next_step="Run `consent-mirror init`."
    )
