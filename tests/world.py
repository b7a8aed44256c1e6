"""A whole world for a test: a portal with people, a mirror beside it, one clock for both, and the commands.

Nothing of ours is replaced by a mock: HubSpot is the sandbox over HTTP, the mirror a real database. Only time
and randomness are given, and the HubSpot port may be wrapped to let something happen between two calls.
"""

import atexit
import contextlib
import io
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import structlog

from connector import logs, wiring
from connector.acts.decide import decide as decide_act
from connector.acts.desk import Desk
from connector.acts.facts import facts_of
from connector.acts.first_push import confirm_first_push, dry_run_shown
from connector.acts.projection import project
from connector.acts.show import check
from connector.acts.who import people_at
from connector.acts.withdraw import No, Withdrawn
from connector.acts.withdraw import withdraw as withdraw_act
from connector.clock import SeededChance
from connector.consent.events import ALL_MARKETING, SALE, SUBJECT, Basis, Event, EventType, Grade, Source
from connector.sandbox.options import Options, Tier
from connector.sandbox.server import Running, Sandbox
from connector.settings import Settings, load
from connector.store.mirror import Mirror
from connector.store.pace import open_slate
from connector.store.people import Person
from connector.store.reviews import Review
from connector.store.states import StateRow
from connector.store.suppression import SuppressionKind
from jobs import cli
from jobs.turn import Plan, Turned, turn
from mappings.addresses import normalise
from mappings.words import Status
from tests.store.conftest import emptied, postgresql_database

NEWSLETTER, OFFERS, EVENTS = 101, 102, 103
TYPES = {"newsletter": NEWSLETTER, "offers": OFFERS, "events": EVENTS}
ANNA, BO, CARIN, DAVID, EVA = (f"{name}@example.org" for name in ("anna", "bo", "carin", "david", "eva"))
START = 1_781_517_600_000  # 2026-06-15T10:00:00Z
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
TOKEN = "CONSENT_MIRROR_TEST_TOKEN"
#: `CONSENT_MIRROR_TEST_ON=postgresql` lives every world on a PostgreSQL database (`make test-postgresql`).
ON_POSTGRESQL = os.environ.get("CONSENT_MIRROR_TEST_ON", "sqlite") == "postgresql"
WORDING = "a" * 64
SUBSCRIBED, UNSUBSCRIBED, NOT_SPECIFIED = (str(status) for status in Status)


class WorldClock:
    """Time stands still until the test, or somebody who sleeps, moves it."""

    def __init__(self, at: int = START) -> None:
        self._at = at
        self._lock = threading.Lock()

    def now(self) -> int:
        return self._at

    def monotonic(self) -> float:
        return self._at / 1000

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        self.advance(int(max(0.0, seconds) * 1000) + 1)
        return wake is not None and wake.is_set()

    def advance(self, ms: int) -> None:
        with self._lock:
            self._at += ms


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@lru_cache(maxsize=1)
def _template() -> Path:
    """An empty mirror with its keys, made once: migrating costs more than most scenarios."""
    folder = Path(tempfile.mkdtemp(prefix="consent-mirror-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = _settings(folder, _toml(folder, 1, "http://127.0.0.1:9"))
    wiring.prepare(settings, wiring.Tools(clock=WorldClock(), chance=SeededChance("template")))
    return folder


class _Databases:
    """PostgreSQL databases with an empty mirror under the keys of the template; made as they are needed."""

    def __init__(self) -> None:
        self._free: list[str] = []
        self._made = contextlib.ExitStack()
        atexit.register(self._made.close)

    def taken(self) -> str:
        if self._free:
            return self._free.pop()
        url = str(self._made.enter_context(postgresql_database(f"cm_world_{os.getpid()}")))
        text = on(url, _template(), _toml(_template(), 1, "http://127.0.0.1:9"))
        tools = wiring.Tools(clock=WorldClock(), chance=SeededChance("template"))
        wiring.prepare(_settings(_template(), text), tools)
        return url

    def given_back(self, url: str) -> None:
        emptied(url)
        self._free.append(url)


DATABASES = _Databases()


def on(url: str, folder: Path, text: str) -> str:
    """The same configuration with another database."""
    return text.replace(f"sqlite:///{folder}/mirror.db", url)


def _settings(folder: Path, text: str) -> Settings:
    (folder / "config.toml").write_text(text, "utf-8")
    return load(folder / "config.toml")


def _toml(
    folder: Path,
    portal_id: int,
    api: str,
    *,
    extra: str = "",
    portal: str = "",
    mirror: str = "",
    retain: Mapping[str, str] | None = None,
) -> str:
    rules = {key: f'retain = "{rule}"\n' for key, rule in (retain or {}).items()}
    purposes = "".join(
        f'[[purposes]]\nkey = "{key}"\nsubscription_id = {number}\n{rules.get(key, "")}'
        + ("push_soft_optin = true\n" if key == "offers" else "")
        for key, number in TYPES.items()
    )
    return (
        f'[mirror]\ndatabase = "sqlite:///{folder}/mirror.db"\nkeys = "{folder}/mirror.keys"\n{mirror}'
        '[controller]\nname = "Exempel AB"\ncontact = "dataskydd@exempel.example"\nlanguages = ["en", "sv"]\n'
        f'[[portals]]\nname = "main"\nportal_id = {portal_id}\ntoken_env = "{TOKEN}"\napi = "{api}"\n{portal}'
        f"{purposes}{extra}"
    )


class World:
    """One portal and its mirror. Addresses of people who are named in a test begin without any status."""

    def __init__(
        self,
        folder: Path,
        *,
        people: int = 0,
        tier: Tier = Tier.ENTERPRISE,
        options: Mapping[str, Any] | None = None,
        contacts: Sequence[str] = (ANNA,),
        extra: str = "",
        portal: str = "",
        clock: WorldClock | None = None,
        retain: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.clock = clock or WorldClock()
        self.tools = wiring.Tools(clock=self.clock, chance=SeededChance("world"))
        switches = Options(limits=False).changed(**(options or {}))
        self.sandbox = Sandbox(people, 7, tier, options=switches, clock=self.clock)
        self.contact_ids = {address: self.create(address) for address in contacts}
        self.server: Running = self.sandbox.start()
        os.environ[TOKEN] = self.server.token
        shutil.copy(_template() / "mirror.keys", folder / "mirror.keys")
        text = _toml(
            folder, self.server.portal_id, self.server.base_url, extra=extra, portal=portal, retain=retain
        )
        self._postgresql = DATABASES.taken() if ON_POSTGRESQL else None
        if self._postgresql is not None:
            text = on(self._postgresql, folder, text)
            self.tools = replace(self.tools, slate=open_slate(self._postgresql))
        else:
            shutil.copy(_template() / "mirror.db", folder / "mirror.db")
        self.settings = _settings(folder, text)
        self.config = folder / "config.toml"

    # --- opening and closing ---

    @cached_property
    def mirror(self) -> Mirror:
        settings = self.settings
        keys = wiring.keys_of(settings)
        journal = wiring.journal_of(settings, keys, self.tools.chance)
        return Mirror.open(settings.mirror.database, keys, self.clock, self.tools.chance, journal)

    @cached_property
    def desk(self) -> Desk:
        return wiring.desk_of(self.settings, self.mirror, None, self.tools)

    def wrapped(self, wrap: Callable[[Any], Any]) -> Desk:
        """The desk with another HubSpot port around the real one."""
        return replace(self.desk, hubspot=wrap(self.desk.hubspot))

    def close(self) -> None:
        if "mirror" in self.__dict__:
            self.mirror.close()
        if self._postgresql is not None:
            assert self.tools.slate is not None
            self.tools.slate.close()
            DATABASES.given_back(self._postgresql)
        threading.Thread(
            target=self.server.stop, name="end of a world"
        ).start()  # it takes a tenth of a second
        os.environ.pop(TOKEN, None)

    # --- HubSpot's side ---

    @property
    def now(self) -> int:
        return self.clock.now()

    def wait(self, ms: int = HOUR) -> None:
        self.clock.advance(ms)

    def create(self, address: str, **more: str) -> int:
        return int(self.sandbox.colleague.create({"email": address, **more}))

    def hubspot(self, address: str, subscription: int) -> str:
        """What HubSpot shows for one type, the opt-out of all counted in."""
        found = self.desk.hubspot.preferences(address)
        return next((str(r.status) for r in found.statuses if r.subscription == subscription), NOT_SPECIFIED)

    def opted_out_of_all(self, address: str) -> bool:
        return bool(self.desk.hubspot.preferences(address).wide)

    def held(self, address: str, subscription: int) -> str:
        """The row beneath, whatever an opt-out of all shows above it."""
        row = self.sandbox.machine.address(address)["statuses"].get(str(subscription))
        return NOT_SPECIFIED if row is None else str(row["status"])

    def writes(self, since: int = 0) -> list[str]:
        """Requests that change something in HubSpot, as the sandbox counted them."""
        kept = self.sandbox.machine.requests(since)
        read = ("/read", "/search")
        return [
            f"{each['method']} {each['route']}"
            for each in kept
            if each["method"] != "GET" and not each["route"].endswith(read)
        ]

    # --- our side ---

    def confirm(self) -> None:
        """The first push has been shown and confirmed."""
        dry_run_shown(self.desk)
        confirm_first_push(self.desk)

    def begin(self) -> None:
        """The first reading is done and writing is allowed."""
        self.sync()
        self.confirm()
        self.wait()

    def sync(self, *, full: bool = False, push: bool = True, desk: Desk | None = None) -> Turned:
        return turn(desk or self.desk, Plan(full=full, push=push))

    def person(self, address: str) -> Person | None:
        with self.mirror.read(self.desk.portal) as work:
            return next(iter(people_at(work, normalise(address))), None)

    def ref(self, address: str) -> str:
        with self.mirror.read(self.desk.portal) as work:
            return work.people.address_ref(normalise(address))

    def row(self, address: str, purpose: str = "newsletter") -> StateRow | None:
        person = self.person(address)
        if person is None:
            return None
        with self.mirror.read(self.desk.portal) as work:
            return work.states.of([person.id]).get((person.id, purpose))

    def state(self, address: str, purpose: str = "newsletter") -> str:
        """The formula's answer, not the projection's; both must say the same."""
        person = self.person(address)
        if person is None:
            return "none"
        with self.mirror.read(self.desk.portal) as work:
            facts = facts_of(self.desk, work, person)
        found = self.desk.purposes.get(purpose)
        assert found is not None
        answer = str(facts.standing(found).state)
        stored = facts.states.get(purpose)
        assert answer == ("UNKNOWN" if stored is None else str(stored.state)), "projection and formula differ"
        return answer

    def may_send(self, address: str, purpose: str = "newsletter") -> bool:
        return check(self.desk, address, purpose).allowed

    def log(self, address: str) -> list[Event]:
        """A person's events, in order."""
        person = self.person(address)
        with self.mirror.read(self.desk.portal) as work:
            return list(work.log.events_of([person.id])[person.id]) if person else []

    def nobodys(self) -> list[str]:
        """Types of the entries that name no person."""
        with self.mirror.read(self.desk.portal) as work:
            return [header.type for header in work.log.headers() if header.subject_ref is None]

    def reviews(self) -> list[Review]:
        """Open questions."""
        with self.mirror.read(self.desk.portal) as work:
            return list(work.reviews.pending())

    def decide(self, answer: str, user: str = "dora") -> None:
        """Somebody answers the oldest question."""
        decide_act(self.desk, self.reviews()[0].id, answer, user)

    def types(self, address: str) -> list[str]:
        return [str(event.type) for event in self.log(address)]

    def add(self, address: str, kind: EventType, purpose: str = "newsletter", **more: Any) -> Event:
        """Append an event of the person, as an act would, and project it; nothing is reconciled."""
        person = self.person(address)
        assert person is not None, "sync first: the person is not in the mirror"
        event = Event(
            type=kind,
            purpose=purpose,
            **{"actor": SUBJECT, "source": Source.API, "address": self.ref(address)} | more,
        )
        with self.mirror.write(self.desk.portal) as work:
            written = work.log.append([(person.id, event)])[0]
            project(self.desk, work, person.id)
        return written

    def grant(
        self,
        address: str,
        purpose: str = "newsletter",
        *,
        at: int | None = None,
        grade: Grade = Grade.E3,
        **more: Any,
    ) -> Event:
        """A proved consent."""
        when = self.now if at is None else at
        proof = {"t_lo": when, "t_hi": when, "grade": grade, "wording": WORDING, "basis": Basis.CONSENT}
        return self.add(address, EventType.GRANT, purpose, **proof | more)

    def sale(self, address: str, purpose: str = "offers") -> Event:
        """A soft opt-in that is complete."""
        return self.add(
            address,
            EventType.SOFT_OPTIN,
            purpose,
            t_lo=self.now,
            t_hi=self.now,
            grade=Grade.E2,
            wording=WORDING,
            basis=Basis.SOFT_OPTIN,
            detail={SALE: "order"},
        )

    def withdraw(
        self, address: str, purpose: str | None = None, desk: Desk | None = None, **more: Any
    ) -> Withdrawn:
        found = self.desk.purposes.get(purpose) if purpose else None
        return withdraw_act(desk or self.desk, address, No(purpose=found, **more))

    def suppress(self, address: str) -> None:
        self.mirror.suppress(self.desk.portal, normalise(address), SuppressionKind.ERASED, ALL_MARKETING)

    def cli(self, *words: str, config: bool = True) -> Ran:
        """A command in this process, at this world's time, with the logs that a user would see."""
        out, err = io.StringIO(), io.StringIO()
        before, wiring.tools = wiring.tools, lambda: self.tools
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), logging_to(err):
                code = cli.run([*(("--config", str(self.config)) if config else ()), *words])
        finally:
            wiring.tools = before
        return Ran(code, out.getvalue(), err.getvalue())

    def process(self, *words: str, env: Mapping[str, str] | None = None) -> Ran:
        """A command as a process of its own, at the machine's time."""
        done = subprocess.run(
            [sys.executable, "-m", "jobs", "--config", str(self.config), *words],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=Path(__file__).parent.parent,
            env={**os.environ, **(env or {})},
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def logging_to(stream: io.StringIO) -> Iterator[None]:
    """The product's own logging for a while; afterwards everything is as the test runner had it."""
    root, shown, hooks = logging.getLogger(), warnings.showwarning, (sys.excepthook, threading.excepthook)
    handlers, level, structured = list(root.handlers), root.level, structlog.get_config()
    logs.configure(stream=stream, json=True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.handlers[:], warnings.showwarning = handlers, shown
        root.setLevel(level)
        structlog.configure(**structured)
        sys.excepthook, threading.excepthook = hooks


@contextlib.contextmanager
def world(folder: Path, **more: Any) -> Iterator[World]:
    """A world that is over when the block is."""
    made = World(folder, **more)
    try:
        yield made
    finally:
        made.close()
