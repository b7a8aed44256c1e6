"""Who and what can reach the register, with motive and review date (CD 2, K5; Art. 5(1)(f), 32)."""

import os
import pwd
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from connector.acts.desk import Desk
from connector.acts.who import must_decide
from connector.consent.events import Event, EventType
from connector.errors import ConfigurationError
from connector.report.discrepancies import Kind
from connector.report.findings import Sighting, without_person
from connector.store.grantees import Grantee, GranteeKind, Spotted
from connector.store.work import Work
from mappings.addresses import NotAnAddress, mask, normalise
from mappings.office import HubSpotUser
from mappings.records import AuditRow
from mappings.times import iso

DAY_MS: Final = 86_400_000
#: HubSpot keeps sign-ins for 90 days (HA 14).
HISTORY_MS: Final = 90 * DAY_MS
#: Reads and exports shown beside the register.
ACTIVITY_MS: Final = 30 * DAY_MS
#: Audit types that tell of a key or an app; HubSpot has no list of them to ask for.
KEYS: Final = ("SERVICE_KEY_", "PRIVATE_APP_", "API_KEY_")
APPS: Final = ("APP_", "INTEGRATION_", "OAUTH_")
OVER: Final = ("DELETE", "REVOKE", "DEACTIVAT", "UNINSTALL", "DISCONNECT")
#: Audit types by which data leave or the rules of the portal change.
TOLD: Final = ("EXPORT", "GDPR_", "VIEW")
#: Readable, writable or searchable by anybody but the owner.
SHARED: Final = stat.S_IRWXG | stat.S_IRWXO


class Doubt(StrEnum):
    """Why somebody has to look at it."""

    NO_MOTIVE = "no_motive"
    REVIEW_DUE = "review_due"
    DORMANT = "dormant"
    OPEN_FILE = "open_file"  # others on the machine can read it


@dataclass(frozen=True, slots=True)
class Place:
    """A file that holds personal data or a key to them; `what`: database, keys, journal, token."""

    what: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The numbers of `[access]`."""

    dormant_ms: int
    now: int


def read_access(desk: Desk, places: Sequence[Place]) -> int:
    """Look at all of it and keep it; how many can reach the register now. Raises as HubSpot's reads do."""
    users, logins = desk.hubspot.users(), desk.hubspot.last_logins()
    lines = desk.hubspot.audit(desk.clock.now() - HISTORY_MS)
    shown = {
        "users": users is not None,
        "logins": logins is not None,
        "audit": desk.hubspot.capabilities().audit,
    }
    with desk.mirror.write(desk.portal) as work:
        spotted = [*_own_users(work), *_files(places), _own_token(desk)]
        kinds = {GranteeKind.USER, GranteeKind.FILE}
        if users is not None:
            spotted += _colleagues(work, users, logins or {})
            kinds.add(GranteeKind.HUBSPOT_USER)
        work.grantees.see(kinds, [*spotted, *_keys(lines)], desk.clock.now())
        for kind, identity in _ended(lines):
            work.grantees.leave(kind, identity, desk.clock.now())
        work.meta.put("access", {"at": desk.clock.now(), **shown})
        return len(work.grantees.all())


def _colleagues(work: Work, users: Iterable[HubSpotUser], logins: dict[str, int]) -> Iterator[Spotted]:
    """Everyone who can sign in to HubSpot. Of somebody erased only the number and the roles are kept."""
    for user in users:
        address = _normalised(user.email)
        erased = bool(address) and work.suppression.is_erased(address)
        named = {"name": None, "address": None} if erased else {"name": user.name, "address": user.email}
        yield Spotted(
            kind=GranteeKind.HUBSPOT_USER,
            identity=user.id,
            address="" if erased else address,
            told={**named, "id": user.id, "roles": ", ".join(user.roles), "admin": user.super_admin},
            last_login=logins.get(user.id),
        )


def _own_users(work: Work) -> Iterator[Spotted]:
    for user in work.users.all():
        yield Spotted(
            kind=GranteeKind.USER, identity=user.name, told={"name": user.name, "roles": str(user.role)}
        )


def _own_token(desk: Desk) -> Spotted:
    told = {"name": f"consent-mirror ({desk.name})", "id": "own", "roles": "API"}
    return Spotted(kind=GranteeKind.KEY, identity=f"own:{desk.name}", told=told)


def _files(places: Iterable[Place]) -> Iterator[Spotted]:
    for place in places:
        try:
            held = place.path.stat()
        except OSError:
            continue
        mode = stat.S_IMODE(held.st_mode)
        told: dict[str, str | bool | None] = {
            "name": str(place.path),
            "roles": place.what,
            "owner": _owner(held.st_uid),
            "mode": f"{mode:04o}",
            "open": bool(mode & SHARED),
            "foreign": held.st_uid != os.geteuid(),
        }
        yield Spotted(kind=GranteeKind.FILE, identity=str(place.path), told=told)


def open_files(places: Iterable[Place]) -> int:
    """How many of them others on the machine can reach."""
    return sum(bool(each.told.get("open") or each.told.get("foreign")) for each in _files(places))


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _keys(lines: Iterable[AuditRow]) -> Iterator[Spotted]:
    """Keys and apps that the audit log names; one line is enough to know that it exists."""
    for line in lines:
        kind = _kind_of(line.type)
        if kind is not None and line.object_id and not _is_over(line.type):
            told = {"name": f"{line.type.split('_')[0].title()} {line.object_id}", "id": line.object_id}
            yield Spotted(kind=kind, identity=line.object_id, told={**told, "roles": line.type})


def _ended(lines: Iterable[AuditRow]) -> list[tuple[GranteeKind, str]]:
    last: dict[tuple[GranteeKind, str], AuditRow] = {}
    for line in sorted(lines, key=lambda each: each.at):
        kind = _kind_of(line.type)
        if kind is not None and line.object_id:
            last[kind, line.object_id] = line
    return [key for key, line in last.items() if _is_over(line.type)]


def _kind_of(type_: str) -> GranteeKind | None:
    if type_.startswith(KEYS):
        return GranteeKind.KEY
    return GranteeKind.APP if type_.startswith(APPS) else None


def _is_over(type_: str) -> bool:
    return any(word in type_ for word in OVER)


def _normalised(text: str) -> str:
    try:
        return normalise(text)
    except NotAnAddress:
        return ""


def justify(desk: Desk, number: int, motive: str, review_at: int, user: str) -> Grantee:
    """A person says why, and when it is looked at again; an entry in the log.

    Raises Refused for an unknown number and for a user who may not decide it, ConfigurationError for an empty
    motive or a past date.
    """
    said = motive.strip()
    if not said:
        raise ConfigurationError(
            "A motive is needed.",
            where="--motive",
            kind="motive_needed",
            next_step="Say why this access is needed.",
        )
    if review_at <= desk.clock.now():
        raise ConfigurationError(
            "The day to look at it again has to come.",
            where="--review",
            kind="review_past",
            next_step="Say a later date.",
        )
    with desk.mirror.write(desk.portal) as work:
        must_decide(work, user)
        found = work.grantees.justify(number, said, review_at, user, desk.clock.now())
        event = Event(
            type=EventType.ACCESS_JUSTIFIED,
            actor=f"staff:{user}",
            source=desk.door,
            reason=said,
            detail={"grantee": number, "kind": str(found.kind), "review": iso(review_at)},
        )
        work.log.append([(None, event)])
    return found


def doubts(held: Grantee, rules: Rules, *, logins_shown: bool) -> tuple[Doubt, ...]:
    """What somebody has to look at. Our own files carry their reason: at most they are open to others."""
    if held.kind is GranteeKind.FILE:
        return (Doubt.OPEN_FILE,) if held.told.get("open") or held.told.get("foreign") else ()
    found = []
    if held.motive is None:
        found.append(Doubt.NO_MOTIVE)
    elif held.review_at is not None and held.review_at <= rules.now:
        found.append(Doubt.REVIEW_DUE)
    if held.kind is GranteeKind.HUBSPOT_USER and logins_shown and _is_dormant(held, rules):
        found.append(Doubt.DORMANT)
    return tuple(found)


def _is_dormant(held: Grantee, rules: Rules) -> bool:
    return held.last_login is None or rules.now - held.last_login >= rules.dormant_ms


def findings(desk: Desk, rules: Rules) -> tuple[Sighting, ...]:
    """The discrepancies of the nightly report; they name the row, never the person."""
    with desk.mirror.read(desk.portal) as work:
        shown, everyone = work.meta.get("access") or {}, work.grantees.all()
    return tuple(
        without_person(
            Kind.ACCESS_DORMANT if doubt is Doubt.DORMANT else Kind.ACCESS_UNJUSTIFIED,
            _since(held, doubt),
            f"{held.kind}:{held.id}",
        )
        for held in everyone
        for doubt in doubts(held, rules, logins_shown=bool(shown.get("logins")))
    )


def _since(held: Grantee, doubt: Doubt) -> int:
    if doubt is Doubt.REVIEW_DUE and held.review_at is not None:
        return held.review_at
    if doubt is Doubt.DORMANT and held.last_login is not None:
        return held.last_login
    return held.first_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Reads and exports that HubSpot's audit log tells of; None: it is not shown."""

    lines: tuple[tuple[str, str, int, int], ...] | None  # type, user's number, how often, last

    def document(self) -> list[dict[str, Any]] | None:
        """For `access --json`."""
        if self.lines is None:
            return None
        return [
            {"type": kind, "user": user, "count": count, "last": iso(last)}
            for kind, user, count, last in self.lines
        ]


def activity(desk: Desk) -> Activity:
    """The last 30 days, by type and user."""
    if not desk.hubspot.capabilities().audit:
        return Activity(lines=None)
    counts: Counter[tuple[str, str]] = Counter()
    last: dict[tuple[str, str], int] = {}
    for line in desk.hubspot.audit(desk.clock.now() - ACTIVITY_MS):
        if any(word in line.type for word in TOLD):
            key = (line.type, line.user or "")
            counts[key] += 1
            last[key] = max(line.at, last.get(key, 0))
    return Activity(
        lines=tuple((kind, user, n, last[kind, user]) for (kind, user), n in counts.most_common())
    )


def document(desk: Desk, rules: Rules, *, named: bool) -> dict[str, Any]:
    """`access --json`. `named`: addresses of staff are shown in full, as their owner asked; else masked."""
    with desk.mirror.read(desk.portal) as work:
        shown, everyone = work.meta.get("access") or {}, work.grantees.all()
    logins = bool(shown.get("logins"))
    rows = [_row(held, doubts(held, rules, logins_shown=logins), named=named) for held in everyone]
    return {
        "read_at": iso(shown.get("at")),
        "shown": {key: bool(shown.get(key)) for key in ("users", "logins", "audit")},
        "grantees": rows,
        "unjustified": sum(bool(set(row["doubts"]) - {Doubt.DORMANT}) for row in rows),
        "dormant": sum(Doubt.DORMANT in row["doubts"] for row in rows),
    }


def _row(held: Grantee, found: tuple[Doubt, ...], *, named: bool) -> dict[str, Any]:
    told = held.told
    address = str(told.get("address") or "")
    name = str(told.get("name") or f"{held.kind} {told.get('id') or held.id}")
    return {
        "id": held.id,
        "kind": str(held.kind),
        "name": name if named or held.kind is not GranteeKind.HUBSPOT_USER else _initials(name),
        "address": (address if named else mask(address)) if address else None,
        "hubspot_id": told.get("id") if held.kind is GranteeKind.HUBSPOT_USER else None,
        "roles": told.get("roles") or None,
        "admin": bool(told.get("admin")),
        "owner": told.get("owner"),
        "mode": told.get("mode"),
        "first_seen": iso(held.first_seen),
        "last_login": iso(held.last_login),
        "motive": held.motive,
        "justified_by": held.justified_by,
        "justified_at": iso(held.justified_at),
        "review": iso(held.review_at),
        "doubts": [str(doubt) for doubt in found],
    }


def _initials(name: str) -> str:
    return " ".join(f"{part[0]}." for part in name.split())
