"""Any order of commands, of acts in HubSpot and of time: what a no, a yes and an erasure mean stays true.

The commands are the real ones, in this process, on a real file and a sandbox portal over HTTP. Beside them an
account is kept that was written from the law (`tests/simulation/truth.py`), and the state formula is read a
second time (`tests/consent/naive.py`). After each step: I3 `check` says yes only to somebody whose own yes
stands, and yes at once to a fresh one · I8 the erased have no row · I14 an unknown address may not be
mailed · I1 stored state, formula and naive formula agree · every command ends as the contract says. At the
end: I7 each no has arrived or waits · I4 looking again changes nothing · the log verifies.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from connector.acts.facts import facts_of
from tests.consent.naive import naive_state
from tests.simulation.truth import EVERYTHING, Truth
from tests.stateful.profile import profile
from tests.world import ANNA, BO, CARIN, DAVID, DAY, HOUR, MINUTE, SUBSCRIBED, TYPES, UNSUBSCRIBED, Ran, world

PEOPLE = (ANNA, BO, CARIN)
NEWCOMER, STRANGER = DAVID, "nobody@example.org"
SIGMA = 300_000
WORDING = "Yes, Exempel AB may mail me this. I can withdraw my consent at any time."
who = st.sampled_from(PEOPLE)
purposes = st.sampled_from(sorted(TYPES))
maybe_all = st.sampled_from([*sorted(TYPES), None])


class Commands(RuleBasedStateMachine):
    """One mirror, one portal, one account of what really happened."""

    backups = Bundle("backups")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.w = self.stack.enter_context(world(folder, contacts=PEOPLE))
        self.truth = Truth()
        self.held: set[str] = set()
        self.copies = 0
        (folder / "wording.txt").write_text(WORDING, "utf-8")
        self.run("sync", ends={4})  # nothing was pushed before a person has looked
        self.w.wait(HOUR)

    def teardown(self) -> None:
        try:
            self.at_rest()
        finally:
            self.stack.close()

    # --- acting ---

    def run(self, *words: str, ends: set[int]) -> Ran:
        ran: Ran = self.w.cli(*words, "--json")
        assert ran.code in ends, (words, ran.code, ran.out, ran.err)
        assert ran.out.count("\n") == 1, (words, ran.out)
        document = ran.json
        if ran.code:
            assert "error" not in document or {"code", "problem", "where", "next_step"} <= set(
                document["error"]
            )
        assert "Traceback" not in ran.err
        self.w.clock.advance(MINUTE)
        return ran

    def said_no(self, address: str, number: int) -> None:
        self.truth.no(address, number, self.w.now)

    @rule(address=who, purpose=maybe_all, source=st.sampled_from(["phone", "paper", "api"]))
    def withdraws(self, address: str, purpose: str | None, source: str) -> None:
        before = self.w.now
        only = ("--purpose", purpose) if purpose else ()
        self.run("withdraw", address, *only, "--source", source, ends={0})
        self.truth.no(address, TYPES[purpose] if purpose else EVERYTHING, before)
        for each in [purpose] if purpose else TYPES:
            assert self.check(address, each) == 3, "a no makes nothing more permissive (I2)"

    @rule(purpose=maybe_all)
    def a_stranger_withdraws(self, purpose: str | None) -> None:
        only = ("--purpose", purpose) if purpose else ()
        self.run("withdraw", STRANGER, *only, ends={0})
        self.said_no(STRANGER, TYPES[purpose] if purpose else EVERYTHING)

    @rule(address=who, purpose=purposes, signed=st.booleans())
    def consents(self, address: str, purpose: str, signed: bool) -> None:
        if address in self.truth.erased:
            return
        self.w.wait(2 * SIGMA)
        at = self.w.now
        fresh = not self.truth._noes(address, TYPES[purpose])
        words = ("--purpose", purpose, "--type", "grant", "--source", "paper", "--at", _iso(at))
        proof = ("--wording", str(self.w.folder / "wording.txt"), *(("--signed",) if signed else ()))
        ran = self.run("record", address, *words, *proof, ends={0})
        assert ran.json["grade"] == ("E3" if signed else "E2")
        self.truth.yes(address, TYPES[purpose], at)
        if fresh and address not in self.truth.restricted and not self._flagged(address, purpose):
            assert self.check(address, purpose) == 0, "a fresh and proved yes may be used"

    @rule(address=who, purpose=purposes)
    def somebody_claims(self, address: str, purpose: str) -> None:
        if address in self.truth.erased:
            return
        before = self.check(address, purpose)
        words = ("--purpose", purpose, "--type", "claim", "--source", "phone", "--at", _iso(self.w.now))
        self.run("record", address, *words, ends={0})
        assert self.check(address, purpose) == before, "a claim is no consent"

    @rule(address=who)
    def restricts(self, address: str) -> None:
        if address in self.truth.erased:
            return
        self.run("restrict", address, "--reason", "disputes it", ends={0, 3})
        self.truth.restricted.add(address)

    @rule(address=who)
    def unrestricts(self, address: str) -> None:
        if self.run("unrestrict", address, ends={0, 3}).code == 0:
            self.truth.restricted.discard(address)

    @rule(address=who, add=st.booleans())
    def legal_hold(self, address: str, add: bool) -> None:
        if address in self.truth.erased:
            return
        verb = "add" if add else "remove"
        self.run("hold", verb, address, "--reason", "case T 1-26", ends={0, 3})
        (self.held.add if add else self.held.discard)(address)

    @rule(address=who)
    def erases(self, address: str) -> None:
        ran = self.run("erase", address, "--confirm", ends={0, 3, 4})
        self.said_no(address, EVERYTHING)
        if self.w.person(address) is None:
            assert address not in self.held, "a legal hold goes before an erasure"
            self.truth.erased.setdefault(address, self.w.now)
        else:
            assert ran.code != 0 or address in self.held or ran.json["stage"] != "erased", ran.out

    @rule(address=who, value=st.sampled_from(["Umeå", "Lund", "=1+1"]))
    def rectifies(self, address: str, value: str) -> None:
        self.run("rectify", address, "--property", "city", "--value", value, ends={0, 3, 4})

    @rule(address=who, kind=st.sampled_from(["access", "erasure", "objection", "portability"]))
    def asks_at_the_desk(self, address: str, kind: str) -> None:
        self.run("requests", "add", address, "--kind", kind, ends={0, 3})
        if kind == "objection":
            self.said_no(address, EVERYTHING) if self.run("requests", "list", ends={0}) else None

    @rule(address=who, confirm=st.booleans())
    def a_sheet_of_noes(self, address: str, confirm: bool) -> None:
        sheet = self.w.folder / "noes.csv"
        sheet.write_text(f"E-post;Avregistrerad\n{address};ja\n{STRANGER};ja\n", "utf-8")
        self.run(
            "import", str(sheet), "--purpose", "newsletter", *(("--confirm",) if confirm else ()), ends={0}
        )
        if confirm:
            self.said_no(address, TYPES["newsletter"])
            self.said_no(STRANGER, TYPES["newsletter"])
            assert self.check(address, "newsletter") == 3

    # --- HubSpot's side ---

    @rule(address=who, number=st.sampled_from(list(TYPES.values())))
    def another_app_subscribes(self, address: str, number: int) -> None:
        self.w.sandbox.app.set_status(address, number, SUBSCRIBED)

    @rule(address=who, number=st.sampled_from([*TYPES.values(), EVERYTHING]))
    def opts_out_in_hubspot(self, address: str, number: int) -> None:
        self.w.sandbox.person.unsubscribe(address, number or None)
        self.said_no(address, number)

    @rule()
    def somebody_is_created(self) -> None:
        if self.w.sandbox.engine.rooms.portal.owner(NEWCOMER) is None:
            self.w.create(NEWCOMER)

    # --- machinery ---

    @rule(full=st.booleans(), dry=st.sampled_from([False, False, True]))
    def syncs(self, full: bool, dry: bool) -> None:
        words = (*(("--full",) if full else ()), *(("--dry-run",) if dry else ()))
        self.run("sync", *words, ends={0, 4})

    @rule()
    def first_push_is_confirmed(self) -> None:
        self.run("sync", "--dry-run", ends={0, 4})
        self.run("sync", "--confirm-first-push", ends={0, 4})

    @rule(ms=st.sampled_from([10 * MINUTE, 3 * HOUR, DAY, 8 * DAY]))
    def time_goes_by(self, ms: int) -> None:
        self.w.wait(ms)

    @rule(answer=st.sampled_from(["approve", "reject"]))
    def somebody_decides(self, answer: str) -> None:
        asked = self.run("review", "list", ends={0}).json["reviews"]
        if asked:
            self.run("review", answer, str(asked[0]["id"]), "--reason", "looked at", ends={0, 3, 4})

    @rule(target=backups)
    def backs_up(self) -> str:
        self.copies += 1
        file = str(self.w.folder / f"copy-{self.copies}.db")
        self.run("backup", file, ends={0})
        return file

    @rule(file=backups)
    def restores(self, file: str) -> None:
        self._closed()
        self.run("restore", file, ends={0})

    @rule()
    def starts_anew(self) -> None:
        self._closed()

    def _closed(self) -> None:
        if "mirror" in self.w.__dict__:
            self.w.mirror.close()
        for name in ("mirror", "desk"):
            self.w.__dict__.pop(name, None)

    # --- what has to be true ---

    def check(self, address: str, purpose: str) -> int:
        ran: Ran = self.w.cli("check", address, "--purpose", purpose, "--json")
        assert ran.code in {0, 3}, (ran.out, ran.err)
        assert ran.json["allowed"] is (ran.code == 0)
        return ran.code

    def _flagged(self, address: str, purpose: str) -> bool:
        """Something that the account does not keep stands in the way: HubSpot's word, or a question."""
        row = self.w.row(address, purpose)
        person = self.w.person(address)
        assert person is not None
        with self.w.mirror.read(self.w.desk.portal) as work:
            facts = facts_of(self.w.desk, work, person)
            found = self.w.desk.purposes.get(purpose)
            assert found is not None
            spoken = facts.hubspot(found) == UNSUBSCRIBED or facts.opted_out_of_all or facts.unread
        return spoken or (row is not None and (row.hold or row.review))

    @invariant()
    def nobody_is_mailed_against_their_will(self) -> None:
        for address in (*PEOPLE, NEWCOMER, STRANGER):
            for purpose, number in TYPES.items():
                if self.w.may_send(address, purpose):
                    assert self.truth.may_send(address, number), (address, purpose)

    @invariant()
    def three_readings_of_the_state_agree(self) -> None:
        for address in PEOPLE:
            person = self.w.person(address)
            if person is None:
                continue
            with self.w.mirror.read(self.w.desk.portal) as work:
                facts = facts_of(self.w.desk, work, person)
            for purpose in TYPES:
                state = self.w.state(address, purpose)  # the projection and the formula
                naive = naive_state(
                    list(facts.events),
                    purpose,
                    marketing=True,
                    current=set(facts.current),
                    now=facts.now,
                    sigma=SIGMA,
                )
                assert state == naive, (address, purpose)

    @invariant()
    def the_erased_have_no_row(self) -> None:
        for address in self.truth.erased:
            assert self.w.person(address) is None, address

    @precondition(lambda self: self.truth.erased)
    @rule()
    def the_erased_are_unknown_to_the_commands(self) -> None:
        for address in self.truth.erased:
            shown: Any = self.run("person", "show", address, ends={3}).json
            assert (shown["known"], shown["overlay"]) == (False, "ERASED")
            assert self.check(address, "newsletter") == 3

    def at_rest(self) -> None:
        """Nothing goes wrong any more: what was owed arrives, and looking again changes nothing."""
        self.run("sync", "--full", "--dry-run", ends={0, 4})
        self.run("sync", "--confirm-first-push", ends={0, 4})
        for _ in range(3):
            self.w.wait(DAY + HOUR)
            self.run("sync", "--full", ends={0, 4})
        with self.w.mirror.read(self.w.desk.portal) as work:
            owed = {(each.ref, each.subscription) for each in work.outbox.pending()}
            size = work.log.size()
        for address in (*PEOPLE, STRANGER):
            for number in TYPES.values():
                if self.truth.must_be_off(address, number):
                    ref = self.w.ref(address)
                    arrived = self.w.hubspot(address, number) == UNSUBSCRIBED
                    assert arrived or {(ref, number), (ref, EVERYTHING)} & owed, (address, number)
        self.w.wait(MINUTE)
        self.run("sync", ends={0, 4})
        with self.w.mirror.read(self.w.desk.portal) as work:
            assert work.log.size() == size, "polling the same again wrote something (I4)"
        assert self.run("log", "verify", "--payloads", ends={0}).json["ok"]


def _iso(at: int) -> str:
    from mappings.times import iso

    return iso(at)


TestCommands = Commands.TestCase
TestCommands.settings = profile(short=(3, 12), long=(400, 40))
