"""What must hold after each step, and what must hold once nothing goes wrong any more (I1 to I24)."""

import contextlib
import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from connector.acts.facts import facts_of
from connector.acts.show import check
from connector.acts.who import people_at
from connector.store.people import AddressKind
from connector.store.work import Work
from jobs import cli
from mappings.addresses import normalise
from mappings.words import Status
from tests.world import DAY, TYPES

if TYPE_CHECKING:
    from tests.simulation.product import Product
    from tests.simulation.run import Life

DOMAIN = b"example.org"


class Violated(AssertionError):
    """An invariant does not hold; the text begins with its number."""


def demand(true: bool, problem: str) -> None:
    if not true:
        raise Violated(problem)


# --- at any moment -----------------------------------------------------------------------------------------


def at_any_moment(life: "Life") -> None:
    """What somebody told us holds at once; nothing broke that nobody expected; nothing names anybody."""
    told = life.product.logs.getvalue()
    if "job_broke" in told:
        line = next(line for line in told.splitlines() if "job_broke" in line)
        raise Violated(f"I24: a job broke by a defect: {line[:1500]}")
    demand(DOMAIN.decode() not in told, "I18: the log names somebody")
    life.product.logs.seek(0)
    life.product.logs.truncate()
    life.news.at_any_moment(demand)
    _nobody_gone_is_back(life)
    for word in life.truth.noes[-1:]:
        _not_sendable_where_ours(life, word.address, word.subscription)


def _not_sendable_where_ours(life: "Life", address: str, subscription: int) -> None:
    """After a no that was acknowledged by us. HubSpot's own noes are known after the next reading only."""
    with life.desk.mirror.read(life.desk.portal) as work:
        known = bool(people_at(work, normalise(address)))
    if not known:
        for purpose in TYPES:
            demand(not check(life.desk, address, purpose).allowed, f"I14: an unknown {address} may be mailed")


# --- at rest -----------------------------------------------------------------------------------------------


def unsettled(life: "Life") -> bool:
    """Something that is ours to do still waits."""
    with life.desk.mirror.read(life.desk.portal) as work:
        return bool(work.outbox.waiting().noes)


def at_rest(life: "Life") -> None:
    """Everything, with all faults over and some days passed."""
    for address in life.addresses:
        for purpose, subscription in TYPES.items():
            _the_word_holds(life, address, purpose, subscription)
    _erased_stay_erased(life)
    _projection_is_the_formula(life)
    _nothing_waits(life)
    log_verifies(life.product)
    _limits_were_kept(life)
    _no_file_names_anybody(life)
    _reports_are_there(life)
    _quiet_is_quiet(life)


def _held(life: "Life", address: str) -> tuple[dict[str, str], bool]:
    held = life.sandbox.machine.address(address)
    return {key: row["status"] for key, row in held["statuses"].items()}, bool(held["wide"])


def _the_word_holds(life: "Life", address: str, purpose: str, subscription: int) -> None:
    """I2, I3, I7, I12, I13: who said no is off here and in HubSpot; without a proved yes nobody is mailed."""
    where = f"{address} {purpose}"
    answer = check(life.desk, address, purpose)
    if answer.allowed:
        demand(life.truth.may_send(address, subscription), f"I3: {where} may be mailed ({answer.state})")
    if not life.truth.must_be_off(address, subscription) or address.lower() in life.truth.deleted:
        return
    statuses, wide = _held(life, address)
    word = statuses.get(str(subscription), "NOT_SPECIFIED")
    owner = life.sandbox.engine.rooms.portal.owner(address)
    live = owner is not None and life.sandbox.engine.rooms.portal.live(owner) is not None
    if live:  # an address that no record has any more cannot be read, and we keep none of somebody erased
        demand(wide or word == Status.UNSUBSCRIBED, f"I7: {where} said no and HubSpot holds {word}")


def _erased_stay_erased(life: "Life") -> None:
    """I8: by whatever door they came back."""
    _nobody_gone_is_back(life)
    with life.desk.mirror.read(life.desk.portal) as work:
        for address in life.truth.erased:
            demand(address in life.gone, f"I8: {address} was erased and is in the mirror")
            demand(work.suppression.is_erased(normalise(address)), f"I8: {address} is not suppressed")
    for address in life.truth.erased:
        statuses, wide = _held(life, address)
        back = life.sandbox.engine.rooms.portal.owner(address) is not None
        demand(
            wide or not back or "SUBSCRIBED" not in statuses.values(), f"I8: {address} is subscribed again"
        )


def _nobody_gone_is_back(life: "Life") -> None:
    """An erasure may wait for HubSpot, where the processor is told before the proof goes (consent-domain 7):
    restricted from the first moment on. Who has left the mirror by one never comes back."""
    with life.desk.mirror.read(life.desk.portal) as work:
        here = [each for each in life.truth.erased if _is_here(life, work, each)]
    for address in life.truth.erased:
        demand(
            address not in here or address not in life.gone, f"I8: {address} was erased and is in the mirror"
        )
        for purpose in TYPES if address in here else ():
            demand(not check(life.desk, address, purpose).allowed, f"I8: {address} waits and may be mailed")
    life.gone |= life.truth.erased.keys() - set(here)


def _is_here(life: "Life", work: Work, address: str) -> bool:
    """Somebody has it, or one of those who were to be erased is there.

    Another person who left the address before its holder was erased keeps it as one of theirs: it is data
    about them too, and nothing in it tells of who had it afterwards.
    """
    people = people_at(work, normalise(address))
    if any(person.ref in life.leaving[address] for person in people):
        return True
    ref = work.people.address_ref(normalise(address))
    held = work.people.addresses([person.id for person in people])
    return any(row.ref == ref and row.kind is not AddressKind.PAST for rows in held.values() for row in rows)


def _projection_is_the_formula(life: "Life") -> None:
    """I1: what is stored is what the events say, whatever order they came in."""
    with life.desk.mirror.read(life.desk.portal) as work:
        for address in life.addresses:
            for person in people_at(work, normalise(address)):
                facts = facts_of(life.desk, work, person)
                for purpose in life.desk.purposes:
                    said, kept = facts.standing(purpose).state, facts.states.get(purpose.key)
                    stored = "UNKNOWN" if kept is None else str(kept.state)
                    demand(str(said) == stored, f"I1: {address} {purpose.key} is {said}, stored is {stored}")


def _nothing_waits(life: "Life") -> None:
    with life.desk.mirror.read(life.desk.portal) as work:
        waiting = work.outbox.waiting()
        demand(not waiting.noes, f"I7: {waiting.noes} noes wait although HubSpot answers")
        for job in ("push", "pull", "sweep", "report", "checkpoint"):
            row = work.due.get(job)
            demand(row is None or not row.failures, f"I24: {job} still fails although nothing goes wrong")


def _cli(product: "Product", *words: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = cli.run(["--config", str(product.folder / "config.toml"), *words])
    return code, out.getvalue()


def log_verifies(product: "Product") -> None:
    """I9, I10: the chain, every commitment that is left, every checkpoint."""
    code, out = _cli(product, "log", "verify", "--payloads", "--json")
    demand(code == 0 and json.loads(out)["ok"], f"I9: log verify says {code}: {out[:300]}")


def _limits_were_kept(life: "Life") -> None:
    """I21."""
    machine = life.sandbox.machine
    demand(machine.worst_window() <= 190, f"I21: {machine.worst_window()} calls within 10 s")
    demand(machine.worst_window(1000, search=True) <= 5, "I21: too many searches within a second")


def _files(life: "Life") -> Iterator[tuple[str, bytes]]:
    for path in life.product.folder.iterdir():
        if path.name not in {"config.toml", "mirror.keys"} and path.is_file():
            yield path.name, path.read_bytes()
            demand(path.stat().st_mode & 0o077 == 0, f"files: {path.name} can be read by others")


def _no_file_names_anybody(life: "Life") -> None:
    """I9, I18."""
    for name, data in _files(life):
        demand(DOMAIN not in data, f"I18: {name} holds a readable address")


def _reports_are_there(life: "Life") -> None:
    """I22: the two undisturbed nights at the end have one each (dates are unique by the table)."""
    with life.desk.mirror.read(life.desk.portal) as work:
        last = work.reports.last()
    demand(last is not None, "I22: there is no report")
    assert last is not None
    post = life.product.post
    again = {name for name, count in post.taken.items() if count > 1 + post.unsure[name]}
    demand(not again, "I22: a letter was handed over again although it was taken")
    demand(not life.mailed or last.message_id in post.taken, f"I22: the report of {last.date} was not mailed")
    demand(life.now - last.made_at < DAY + 2 * 3_600_000, f"I22: the last report is of {last.date}")


def _quiet_is_quiet(life: "Life") -> None:
    """I4: reading the same again writes nothing, here or there."""
    size = _size(life)
    before = life.seen["wrote UNSUBSCRIBED"] + life.seen["wrote SUBSCRIBED"]
    life.product.turn(full=True)
    life.product.world.advance(60_000)
    life.product.turn()
    after = life.seen["wrote UNSUBSCRIBED"] + life.seen["wrote SUBSCRIBED"]
    demand(after == before, f"I4: {after - before} writes although nothing changed")
    demand(_size(life) == size, f"I4: {_size(life) - size} entries although nothing changed")


def _size(life: "Life") -> int:
    with life.desk.mirror.read(life.desk.portal) as work:
        return sum(1 for _ in work.log.headers())
