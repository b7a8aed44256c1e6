"""What HubSpot tells of its own accord, what others pretend that it tells, and whether we mind it (I17, I23).

Notices are made of what happened in the portal. On their way to the web door they are late, doubled, out of
order or lost, and what is not taken is sent again for a day. Beside them come forged, altered, replayed and
malformed ones, which must change nothing, and signed ones about records that nobody has or that were erased.
The pull journal is the sandbox's own; here it is only watched.
"""

import json
import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.hubspot.session import ANSWER_S
from connector.hubspot.signatures import WINDOW_MS, v1, v3
from connector.sandbox.engine import Delivery
from connector.sandbox.face_journal import FILES
from connector.sandbox.journal import Entry
from connector.sandbox.webhooks import PLAIN, SPACING
from connector.web.webhooks import PATH
from jobs.journal import CURSOR
from tests.simulation.door import PUBLIC
from tests.world import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from tests.simulation.run import Life

SECRET = "simulated-client-secret"
WEBHOOK_ENV, JOURNAL_ENV = "SIMULATED_WEBHOOK_SECRET", "SIMULATED_JOURNAL_SECRET"
HOOKS = f'webhook_secret_env = "{WEBHOOK_ENV}"\n'
JOURNAL = f'journal_client_id = "app-1"\njournal_client_secret_env = "{JOURNAL_ENV}"\n'
WEB = f'[web]\npublic_url = "{PUBLIC}"\n'

#: What becomes of a notice, of a hundred.
FATES = {"prompt": 50, "late": 20, "twice": 18, "lost": 12}
LATE = (10 * MINUTE, 3 * HOUR, 20 * HOUR, 5 * DAY)
#: Before each further try of one that was not taken (HA 13.1: ten over 24 hours).
AGAIN = tuple(minutes * MINUTE for minutes in SPACING)
#: What is younger than this when it comes may not be dropped as a replay, whatever the clocks say.
FRESH = DAY
_KINDS: Mapping[str, Sequence[str]] = {**PLAIN, "UPDATE": ("contact.propertyChange",)}
_BATCH_READ = "/contacts/batch/read"


@dataclass(slots=True)
class Notice:
    """One event on its way; due at `due`, ms of HubSpot's clock."""

    event: dict[str, Any]
    due: int
    tries: int = 0


class News:
    """The notices of one life. `hooks`: HubSpot sends them; `journal`: the product reads the pull journal."""

    def __init__(self, life: "Life", *, hooks: bool, journal: bool) -> None:
        self._life = life
        self._hooks, self._journal = hooks, journal
        self._waiting: list[Notice] = []
        self._old: list[tuple[int, bytes, dict[str, str]]] = []  # taken deliveries: when, and as they were
        self._heard = self._made = 0
        self._told: dict[int, Entry] = {}  # every line of the journal that there ever was
        self._whose: dict[int, set[str]] = {}
        self._exchanges = 0
        self._asked: tuple[str, bytes] = ("", b"")
        self._looked: dict[int, int] = {}  # record -> the last exchange that read it by its id
        self._owed: dict[int, int] = {}  # record -> the exchange after which it was told of
        self._files: dict[int, int] = {}  # journal file -> the exchange that handed it over
        self._passed = self._begun = self._covered = 0  # places in the journal
        self._swept: int | None = None

    # --- what happens in the portal ---

    def hear(self) -> None:
        """Make notices of what is new in the portal."""
        portal = self._life.sandbox.engine.rooms.portal
        for entry in portal.journal.kept(portal.clock.now()):
            if entry.offset > self._heard:
                self._heard, self._told[entry.offset] = entry.offset, entry
                for record in (entry.contact, *entry.merged):
                    self._know(record)
                for kind in _KINDS[entry.action]:
                    self._post(_event(entry, kind))

    def before_tick(self) -> None:
        """A sweep that this tick makes sees all that happened until now."""
        self.hear()
        self._begun = self._heard

    def changed(self, address: str) -> None:
        """Somebody's opt-out property changed."""
        record = self._life.sandbox.engine.rooms.portal.owner(address)
        if record is not None:
            self._know(record)
            self._post({"subscriptionType": "contact.propertyChange", "objectId": record})

    def _know(self, record: int) -> None:
        found = self._life.sandbox.engine.rooms.portal.contact(record)
        addresses = found.addresses if found is not None else ()
        self._whose.setdefault(record, set()).update(each.lower() for each in addresses)

    def _post(self, said: Mapping[str, Any]) -> None:
        if not self._hooks:
            return
        self._made += 1
        chance = random.Random(f"news/{self._life.seed}/{self._made}")
        fate = chance.choices(list(FATES), list(FATES.values()))[0]
        self._life.seen[f"notice {fate}"] += 1
        due = self._life.now + (chance.choice(LATE) if fate == "late" else 0)
        event = {"eventId": self._made, "portalId": self._life.sandbox.portal_id, **self._when(), **said}
        copies = {"lost": 0, "twice": 2}.get(fate, 1)
        self._waiting += [Notice(dict(event), due) for _ in range(copies)]

    def _when(self) -> dict[str, Any]:
        return {"occurredAt": self._life.now, "subscriptionId": 7, "attemptNumber": 0}

    # --- at the web door ---

    def deliver(self) -> None:
        """Send what is due, in any order and in bodies of any length; and what others send."""
        if not self._hooks:
            return
        chance = random.Random(f"news/{self._life.seed}/at/{self._life.steps}/{self._made}")
        due = [each for each in self._waiting if each.due <= self._life.now]
        self._waiting = [each for each in self._waiting if each.due > self._life.now]
        chance.shuffle(due)
        while due:
            some = [due.pop() for _ in range(min(len(due), chance.randrange(1, 101)))]
            self._sent(some, chance)
        self._others(chance)

    def _sent(self, some: Sequence[Notice], chance: random.Random) -> None:
        body = _body([each.event | {"attemptNumber": each.tries} for each in some])
        headers = self._signed(body, chance)
        status = self._answer(body, headers)
        self._life.seen[f"notices answered {status or 'by nobody'}"] += 1
        if status is not None and 200 <= status < 300:
            self._old.append((self._life.now, body, headers))
            self._owe(each.event for each in some)
            return
        for each in some:
            if each.tries < len(AGAIN):
                each.due, each.tries = self._life.now + AGAIN[each.tries], each.tries + 1
                self._waiting.append(each)

    def _signed(self, body: bytes, chance: random.Random, secret: str = SECRET) -> dict[str, str]:
        if chance.random() < 0.3:
            return {"X-HubSpot-Signature": v1(secret, body), "X-HubSpot-Signature-Version": "v1"}
        at = str(self._life.now)
        signature = v3(secret, "POST", PUBLIC + PATH, body, at)
        return {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": at}

    def _answer(self, body: bytes, headers: Mapping[str, str]) -> int | None:
        """None: the process died over it."""
        product = self._life.product
        status: int | None = product.alive(lambda: product.door.post(PATH, body, headers))
        return status

    def _owe(self, events: Any) -> None:
        for event in events:
            age = abs(self._life.clock.now() - event["occurredAt"])
            if age <= FRESH:
                self._owed.update(dict.fromkeys(_records(event), self._exchanges))

    # --- what others send ---

    def _others(self, chance: random.Random) -> None:
        """Sometimes one that is bad, sometimes one that is signed and about nobody."""
        if chance.random() < 0.5:
            name = chance.choice(sorted(_BAD))
            made = _BAD[name](self, chance)
            if made is not None:
                self._nothing_changes(name, *made)
        if chance.random() < 0.3:
            self._life.seen["notice about nobody"] += 1
            kind = chance.choice(("contact.privacyDeletion", "contact.creation", "contact.merge"))
            record = chance.choice([*self._of_the_erased(), 999_999_000 + chance.randrange(100)])
            event = {"subscriptionType": kind, "objectId": record, "mergedObjectIds": [record + 1]}
            self._sent([Notice(self._whole(event), self._life.now)], chance)

    def _of_the_erased(self) -> list[int]:
        erased = self._life.truth.erased
        return [number for number, addresses in sorted(self._whose.items()) if addresses & erased.keys()]

    def _whole(self, said: Mapping[str, Any]) -> dict[str, Any]:
        return {"eventId": 1, "portalId": self._life.sandbox.portal_id, **self._when(), **said}

    def _somebody(self, chance: random.Random) -> bytes:
        """A body that would do harm if it were believed."""
        known = sorted(self._whose) or [1]
        kind = chance.choice(("contact.privacyDeletion", "contact.propertyChange"))
        return _body([self._whole({"subscriptionType": kind, "objectId": chance.choice(known)})])

    def _nothing_changes(self, name: str, body: bytes, headers: Mapping[str, str]) -> None:
        """I17: not a byte is written, whatever fails in the database meanwhile."""
        self._life.seen[f"notice {name}"] += 1
        file = self._life.product.folder / "mirror.db"
        with sqlite3.connect(file, isolation_level=None) as beside:
            before = _version(beside)
            status = self._answer(body, headers)
            after = _version(beside)
        beside.close()
        if before != after:
            self._life.problems.append(f"I17: a notice ({name}) was answered {status} and changed the mirror")
        if name != "of another portal" and status is not None and status < 400:
            self._life.problems.append(f"I17: a notice ({name}) was answered {status}")

    def forged(self, chance: random.Random) -> "Sent":
        """Signed by somebody who does not know the secret."""
        body = self._somebody(chance)
        return body, self._signed(body, chance, "another secret")

    def altered(self, chance: random.Random) -> "Sent":
        """Changed after it was signed."""
        body = self._somebody(chance)
        return body.replace(b'"eventId": 1', b'"eventId": 2'), self._signed(body, chance)

    def replayed(self, chance: random.Random) -> "Sent | None":
        """A good one again, with its old time; v1 has none, and repeats of it are HubSpot's own way."""
        for at, body, headers in reversed(self._old):
            stale = abs(self._life.clock.now() - at) > WINDOW_MS
            if stale and "X-HubSpot-Request-Timestamp" in headers:
                return body, headers
        del chance
        return None

    def malformed(self, chance: random.Random) -> "Sent":
        """Signed, and cut off."""
        body = self._somebody(chance)[: -chance.randrange(1, 30)]
        return body, self._signed(body, chance)

    def foreign(self, chance: random.Random) -> "Sent":
        """Signed, of an account that has the same app."""
        said = self._whole({"subscriptionType": "contact.privacyDeletion", "objectId": 1})
        body = _body([said | {"portalId": self._life.sandbox.portal_id + 1}])
        return body, self._signed(body, chance)

    # --- what the product reads ---

    def asks(self, path: str, body: bytes) -> None:
        """Before a request."""
        self._asked = path, body

    def answered(self, method: str, path: str, delivery: Delivery) -> None:
        """After it: which records and which journal files reached the product whole."""
        del method
        self._exchanges += 1
        if not _came(delivery):
            return
        if path.endswith(_BATCH_READ) and isinstance(_json(delivery).get("results"), list):
            for each in json.loads(self._asked[1])["inputs"]:
                self._looked[int(each["id"])] = self._exchanges
        elif path.startswith(FILES) and isinstance(_json(delivery).get("journalEvents"), list):
            self._files[int(path.rpartition("/")[2])] = self._exchanges

    # --- what must hold ---

    def at_any_moment(self, demand: Callable[[bool, str], None]) -> None:
        """I23: what was taken waits or was looked at; the journal's place has passed nothing unread."""
        if not self._hooks and not self._journal:
            return
        with self._life.desk.mirror.read(self._life.desk.portal) as work:
            waiting = {each.contact_id for each in work.hints.due(2**62, 100_000)}
            place, sweep = work.cursors.get(CURSOR), work.due.get("sweep")
        if self._journal and place is not None:
            if sweep is not None and sweep.done_at != self._swept:
                self._swept, self._covered = sweep.done_at, self._begun
            owed = sweep is not None and (sweep.asked or sweep.failures > 0)
            self._pass(int(place["offset"] or 0), owed, demand)
        self._minded(waiting, demand)

    def _pass(self, offset: int, owed: bool, demand: Callable[[bool, str], None]) -> None:
        """What is passed unread is what a full sweep has seen, or is still to see."""
        for number in range(self._passed + 1, offset + 1):
            read = self._files.get(number)
            swept = owed or number <= self._covered
            demand(read is not None or swept, f"I23: file {number} of the journal was passed unread")
            if read is not None:
                entry = self._told[number]
                for record in (entry.contact, *(entry.merged if entry.action != "GDPR_DELETE" else ())):
                    self._owed[record] = max(self._owed.get(record, 0), read)
        self._passed = max(self._passed, offset)

    def _minded(self, waiting: set[int], demand: Callable[[bool, str], None]) -> None:
        gone = self._life.truth.erased.keys() | self._life.truth.deleted.keys()
        for record, since in list(self._owed.items()):
            if record in waiting:
                continue
            erased = bool(self._whose.get(record, set()) & gone)  # an erasure takes the hint along
            read = self._looked.get(record, -1) > since
            demand(read or erased, f"I23: record {record} was told of, and neither waits nor was read")
            del self._owed[record]

    def forget(self) -> None:
        """After a restore: what the copy does not know is what the full reading is for."""
        self._owed.clear()
        self._passed = self._heard


Sent = tuple[bytes, Mapping[str, str]]
_BAD: Mapping[str, Callable[[News, random.Random], Sent | None]] = {
    "forged": News.forged,
    "altered": News.altered,
    "replayed": News.replayed,
    "malformed": News.malformed,
    "of another portal": News.foreign,
}


def _event(entry: Entry, kind: str) -> dict[str, Any]:
    event: dict[str, Any] = {"subscriptionType": kind, "objectId": entry.contact, "occurredAt": entry.at}
    if entry.merged and kind == "contact.merge":
        winner, *losers = entry.merged
        event |= {"primaryObjectId": winner, "mergedObjectIds": losers, "newObjectId": entry.contact}
    return event


def _records(event: Mapping[str, Any]) -> Iterator[int]:
    yield event["objectId"]
    yield from event.get("mergedObjectIds", ())
    yield from (event[name] for name in ("primaryObjectId", "newObjectId") if name in event)


def _body(events: Sequence[Mapping[str, Any]]) -> bytes:
    return json.dumps(list(events)).encode()


def _came(delivery: Delivery) -> bool:
    whole = delivery.end == "whole" and delivery.wait_s < 30 and delivery.drip_s < ANSWER_S
    return whole and delivery.reply.status in {200, 207}


def _json(delivery: Delivery) -> dict[str, Any]:
    try:
        said = json.loads(delivery.reply.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _version(connection: sqlite3.Connection) -> int:
    """Moves with every commit of another connection."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
