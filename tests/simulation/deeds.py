"""What can happen: a history is a list of deeds, made from a seed, that can be shortened and played again.

A deed is a word and small numbers. The numbers are read modulo what there is at that moment, so that a
history stays playable when deeds are taken out of it.
"""

import json
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.acts.erase import Order, erase
from connector.acts.record import Act, File, record
from connector.acts.restrict import restrict, unrestrict
from connector.acts.when import Moment
from connector.acts.withdraw import No, withdraw
from connector.consent.events import EventType, Source
from connector.errors import ConnectorError
from connector.sandbox.options import Tier
from connector.sandbox.replies import Refusal
from tests.simulation.deploy import VERSIONS, deploy
from tests.simulation.invariants import log_verifies
from tests.simulation.misfortunes import copied, mail_fails, put_back
from tests.simulation.truth import EVERYTHING
from tests.world import DAY, HOUR, MINUTE, TYPES

if TYPE_CHECKING:
    from tests.simulation.run import Life

KEYS = tuple(TYPES)
NUMBERS = tuple(TYPES.values())
WORDING = File("wording.txt", b"Yes, Exempel AB may mail me this. I can withdraw my consent at any time.")
SCOPES = ("crm.objects.contacts.read", "communication_preferences.read_write", "forms")


@dataclass(frozen=True, slots=True)
class Deed:
    """After `gap` ms, `word` with its numbers happens."""

    word: str
    gap: int
    a: int = 0
    b: int = 0
    c: int = 0


#: Faults on the way to HubSpot. Each is one of the classes of docs/reliability.md.
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("429", {"effect": "status", "status": 429}),
    ("429 retry-after", {"effect": "status", "status": 429, "retry_after": 3}),
    ("5xx", {"effect": "status", "status": 500}),
    ("5xx", {"effect": "status", "status": 502}),
    ("5xx", {"effect": "status", "status": 503}),
    ("5xx", {"effect": "status", "status": 504, "applied": True}),
    ("timeout applied", {"effect": "timeout", "applied": True, "seconds": 31}),
    ("timeout not applied", {"effect": "timeout", "seconds": 31}),
    ("applied late", {"effect": "late", "seconds": 1800}),
    ("reset", {"effect": "drop", "applied": True}),
    ("reset", {"effect": "cut"}),
    ("truncated", {"effect": "truncated"}),
    ("html", {"effect": "html"}),
    ("drip", {"effect": "drip", "seconds": 40}),
    ("drip", {"effect": "drip", "seconds": 400}),
    ("wrong type", {"effect": "wrong_type", "field": "results", "value": 7}),
    ("wrong type", {"effect": "wrong_type", "field": "results.*.id", "value": None}),
    ("missing field", {"effect": "missing_field", "field": "results"}),
    ("missing field", {"effect": "missing_field", "field": "results.*.status"}),
    ("401", {"effect": "status", "status": 401}),
    ("403", {"effect": "status", "status": 403}),
    ("partial", {"effect": "partial", "path": "*/batch/*", "share": 0.5}),
    ("stale search", {"effect": "stale_search", "path": "*/search", "seconds": 300}),
    ("stuck cursor", {"effect": "stuck_cursor", "method": "GET"}),
    ("rows twice", {"effect": "repeated_row"}),
    ("out of order", {"effect": "out_of_order"}),
    ("slow", {"effect": "delay", "seconds": 20}),
)


def history(seed: int, days: int, *, misfortunes: bool = False) -> list[Deed]:
    """A made-up history of so many days."""
    chance = random.Random(f"history/{seed}")
    drawn = {**DEEDS, **(MISFORTUNES if misfortunes else {})}
    words, weights = zip(*((word, weight) for word, (weight, _) in drawn.items()), strict=True)
    made, at = [], 0
    while at < days * DAY:
        gap = chance.choice((5 * MINUTE, 20 * MINUTE, 3 * HOUR, DAY, 2 * DAY, 8 * DAY, 16 * DAY, 24 * DAY))
        word = chance.choices(words, weights)[0]
        made.append(Deed(word, gap, *(chance.randrange(1_000_000) for _ in range(3))))
        at += gap
    return made


# --- people ----------------------------------------------------------------------------------------------


def _opts_out(life: "Life", d: Deed) -> None:
    who, kind = life.address(d.a), life.type(d.b)
    life.sandbox.person.unsubscribe(who, kind or None)
    life.news.changed(who)
    life.said_no(who, kind)


def _withdraws(life: "Life", d: Deed) -> None:
    who, kind = life.address(d.a), life.type(d.b)
    purpose = life.desk.purposes.of_subscription(kind) if kind else None
    life.mine(lambda: withdraw(life.desk, who, No(purpose=purpose)), lambda _: life.said_no(who, kind))


def _stranger_withdraws(life: "Life", d: Deed) -> None:
    who = f"stranger{d.a % 5}@example.org"
    life.addresses.append(who) if who not in life.addresses else None
    life.mine(lambda: withdraw(life.desk, who, No()), lambda _: life.said_no(who, EVERYTHING))


def _consents(life: "Life", d: Deed) -> None:
    """Proved: a signed paper with the wording."""
    who, kind = life.address(d.a), NUMBERS[d.b % 3]
    if who.lower() in life.truth.erased or who.lower() in life.truth.deleted:
        return
    purpose = life.desk.purposes.of_subscription(kind)
    mine = life.clock.now()
    act = Act(
        type=EventType.GRANT,
        source=Source.PAPER,
        at=Moment(mine, mine),
        purpose=purpose,
        wording=WORDING,
        evidence=(File(f"scan{d.c}.pdf", str(d.c).encode()),),
        signed=True,
    )
    life.said_yes(who, kind)  # said by the person, whether or not we manage to write it down
    life.mine(lambda: record(life.desk, who, act), lambda _: None)


def _signs_up(life: "Life", d: Deed) -> None:
    """Through HubSpot's form, ticking some types."""
    who = life.address(d.a)
    if who.lower() in life.truth.erased or who.lower() in life.truth.deleted:
        return
    chosen = [n for place, n in enumerate(NUMBERS) if d.b >> place & 1]
    form = next(iter(life.sandbox.engine.rooms.forms.all.values())).name
    life.sandbox.person.submit(form, {"email": who}, chosen)
    for kind in chosen:
        life.said_yes(who, kind)


def _asks_to_be_erased(life: "Life", d: Deed) -> None:
    who = life.address(d.a)
    person, people = life.truth.person(who), life.users(who)

    def done(outcome: Any) -> None:
        life.said_no(who, EVERYTHING)
        if outcome.waits is None:
            life.truth.erased[who.lower()] = life.now
            life.leaving[who.lower()] = people
            life.truth.forgotten |= {person} - {None}

    life.mine(lambda: erase(life.desk, who, Order()), done)


def _restricted(life: "Life", d: Deed) -> None:
    who = life.address(d.a)
    told = life.truth.restricted
    life.mine(lambda: restrict(life.desk, who, "staff:dora"), lambda _: told.add(who.lower()))


def _unrestricted(life: "Life", d: Deed) -> None:
    if life.truth.restricted:
        told = life.truth.restricted
        who = sorted(told)[d.a % len(told)]
        life.mine(lambda: unrestrict(life.desk, who, "staff:dora"), lambda _: told.discard(who))


# --- colleagues, imports, other apps -----------------------------------------------------------------------


def _colleague_subscribes(life: "Life", d: Deed) -> None:
    life.sandbox.colleague.resubscribe(life.address(d.a), NUMBERS[d.b % 3])


def _colleague_opts_out(life: "Life", d: Deed) -> None:
    who, kind = life.address(d.a), life.type(d.b)
    life.sandbox.colleague.unsubscribe(who, kind or None)
    life.news.changed(who)
    life.said_no(who, kind)


def _import(life: "Life", d: Deed) -> None:
    some = [life.address(d.a + step) for step in range(4)]
    life.sandbox.importer.contacts([{"email": who} for who in some])
    life.sandbox.importer.statuses(some, NUMBERS[d.b % 3], basis="CONSENT_WITH_NOTICE", explanation="Fair")


def _other_app(life: "Life", d: Deed) -> None:
    who, kind = life.address(d.a), NUMBERS[d.b % 3]
    status = ("SUBSCRIBED", "SUBSCRIBED", "UNSUBSCRIBED")[d.c % 3]
    life.sandbox.app.set_status(who, kind, status, source="Zorp")
    if status == "UNSUBSCRIBED":
        life.said_no(who, kind)


def _somebody_clears(life: "Life", d: Deed) -> None:
    """What HubSpot held disappears: only a no that we have seen can survive that."""
    who = life.address(d.a)
    if life.looked():
        (life.sandbox.register.lift_all if d.b % 2 else life.sandbox.register.clear_status)(who)


def _mass_change(life: "Life", d: Deed) -> None:
    """A workflow subscribes everybody."""
    for who in life.addresses:
        life.sandbox.app.set_status(who, NUMBERS[d.b % 3], "SUBSCRIBED", source="Workflow")


def _created(life: "Life", d: Deed) -> None:
    who = f"new{len(life.addresses)}@example.org"
    life.addresses.append(who)
    life.sandbox.colleague.create({"email": who})


def _moved(life: "Life", d: Deed) -> None:
    """Another address on the record."""
    who = life.address(d.a)
    owner = life.sandbox.engine.rooms.portal.owner(who)
    if owner is None or not life.looked():
        return
    new = f"moved{len(life.addresses)}@example.org"
    owner_of = life.sandbox.engine.rooms.portal.owner
    had = [each for each in life.addresses if owner_of(each) == owner]
    life.sandbox.colleague.edit_email(owner, new)
    life.addresses.append(new)
    life.truth.join(who, new)
    left = [each for each in had if owner_of(each) != owner]
    life.truth.moved(owner, left, new, life.now)


def _merged(life: "Life", d: Deed) -> None:
    one, other = life.address(d.a), life.address(d.b)
    owners = [life.sandbox.engine.rooms.portal.owner(each) for each in (one, other)]
    if one == other or None in owners or owners[0] == owners[1] or not life.looked():
        return
    life.sandbox.colleague.merge(owners[0] or 0, owners[1] or 0)
    life.truth.join(one, other)
    into = life.sandbox.engine.rooms.portal.owner(one)
    life.truth.merged([each for each in owners if each is not None], owners[0] or 0 if into is None else into)


def _archived(life: "Life", d: Deed) -> None:
    life.sandbox.colleague.archive(life.address(d.a))


def _restored(life: "Life", d: Deed) -> None:
    life.sandbox.colleague.restore(life.address(d.a))


def _privacy_deleted(life: "Life", d: Deed) -> None:
    who = life.address(d.a)
    owner = life.sandbox.engine.rooms.portal.owner(who)
    if owner is None or not life.looked():
        return
    person = life.truth.person(who)
    life.sandbox.colleague.privacy_delete(owner)
    life.truth.forgotten |= {person} - {None}
    for each in life.truth.family(who):
        life.truth.deleted[each] = life.now


def _comes_back(life: "Life", d: Deed) -> None:
    """Somebody erased is brought into HubSpot again, by the doors that its blocklist leaves open."""
    gone = sorted(life.truth.erased)
    if not gone:
        return
    who = gone[d.a % len(gone)]
    body = json.dumps({"properties": {"email": who}}).encode()
    life.sandbox.call("POST", "/crm/v3/objects/contacts", body=body)
    life.sandbox.app.set_status(who, NUMBERS[d.b % 3], "SUBSCRIBED", source="Zorp")


# --- what goes wrong ---------------------------------------------------------------------------------------


def _fault(life: "Life", d: Deed) -> None:
    name, rule = FAULTS[d.a % len(FAULTS)]
    life.sandbox.machine.fault(**{"count": 1 + d.b % 6, "skip": d.c % 4, "name": name, **rule})


def _outage(life: "Life", d: Deed) -> None:
    life.wire.down = ("refused", "timeout")[d.a % 2]
    life.later(1 + d.b % 3, lambda: setattr(life.wire, "down", None))


def _token_changed(life: "Life", d: Deed) -> None:
    token = life.sandbox.machine.rotate_token()
    life.seen["401 token"] += 1
    if d.a % 2:
        life.product.set_token(token)
    else:
        life.later(1 + d.b % 2, lambda: life.product.set_token(life.sandbox.token))


def _scope_lost(life: "Life", d: Deed) -> None:
    app = life.sandbox.engine.rooms.access.caller(f"Bearer {life.sandbox.token}")
    before = sorted(app.scopes)
    life.sandbox.machine.set_scopes([s for s in before if not s.startswith(SCOPES[d.a % 3])])
    life.seen["403 scope"] += 1
    life.later(1 + d.b % 2, lambda: life.sandbox.machine.set_scopes(before))


def _clock(life: "Life", d: Deed) -> None:
    life.clock.skew_ms = (d.a % 1_200_001) - 600_000
    life.seen["clock skew"] += 1


def _database(life: "Life", d: Deed) -> None:
    life.product.disk.due[("busy", "full")[d.a % 2]] = 1 + d.b % 5


def _crash(life: "Life", d: Deed) -> None:
    life.product.death.expect(1 + d.a % 120)


def _deploy(life: "Life", d: Deed) -> None:
    """A restart, or a new version on the mirror of an older one; half of those die in the migration."""
    if d.a % 4 == 0:
        life.seen["restarts"] += 1
        life.product.again()
        return
    life.seen["deploys"] += 1
    died = deploy(life.product, VERSIONS[d.a % len(VERSIONS)], 1 + d.b % 60 if d.c % 2 else 0)
    life.seen["deaths in a migration"] += died
    if not any(life.product.disk.due.values()):
        log_verifies(life.product)


def _race(life: "Life", d: Deed) -> None:
    """The next person whom we subscribe opts out in that very moment."""
    life.races.append((1 + d.a % 2, d.b % 2))


def _plan_changed(life: "Life", d: Deed) -> None:
    life.sandbox.machine.tier(str((Tier.STARTER, Tier.PROFESSIONAL, Tier.ENTERPRISE)[d.a % 3]))


def _nothing(life: "Life", d: Deed) -> None:
    del life, d


Do = Callable[["Life", Deed], None]
DEEDS: Mapping[str, tuple[int, Do]] = {
    "opts_out": (10, _opts_out),
    "withdraws": (10, _withdraws),
    "stranger_withdraws": (2, _stranger_withdraws),
    "consents": (14, _consents),
    "signs_up": (6, _signs_up),
    "asks_to_be_erased": (4, _asks_to_be_erased),
    "restricted": (2, _restricted),
    "unrestricted": (2, _unrestricted),
    "colleague_subscribes": (5, _colleague_subscribes),
    "colleague_opts_out": (3, _colleague_opts_out),
    "import": (4, _import),
    "other_app": (5, _other_app),
    "somebody_clears": (3, _somebody_clears),
    "mass_change": (1, _mass_change),
    "created": (4, _created),
    "moved": (3, _moved),
    "merged": (3, _merged),
    "archived": (3, _archived),
    "restored": (2, _restored),
    "privacy_deleted": (2, _privacy_deleted),
    "comes_back": (4, _comes_back),
    "fault": (30, _fault),
    "outage": (4, _outage),
    "token_changed": (3, _token_changed),
    "scope_lost": (2, _scope_lost),
    "clock": (3, _clock),
    "database": (5, _database),
    "crash": (22, _crash),
    "deploy": (8, _deploy),
    "race": (4, _race),
    "plan_changed": (1, _plan_changed),
    "nothing": (2, _nothing),
}
#: Drawn only where they are asked for (`--misfortunes`): the nightly mail is made and sent there.
MISFORTUNES: Mapping[str, tuple[int, Do]] = {
    "mail_fails": (4, mail_fails),
    "copied": (3, copied),
    "put_back": (3, put_back),
}


def do(life: "Life", deed: Deed) -> None:
    """Play one deed. What HubSpot's own rules refuse simply does not happen."""
    with suppress(LookupError, Refusal, ConnectorError):
        (DEEDS | MISFORTUNES)[deed.word][1](life, deed)
