"""The whole precedence table, cell by cell: total, no row without work, and what it may never do."""

from collections import Counter, defaultdict

import pytest

from connector.consent.decision import Decision, Push
from connector.consent.events import NOES, EventType, Grade, Overlay, State
from connector.consent.row import NoRow, decide_by
from connector.consent.rows_of_status import ROWS as STATUS_ROWS
from connector.consent.situation import Identity, Seen, Situation, Time, Wide, Write
from connector.consent.table import ROWS, decide
from mappings.sources import SourceKind
from tests.consent.cells import KNOWN_SEEN, KNOWN_WIDE, cells, every_cell

NO_STATES = (State.WITHDRAWN, State.DENIED)
ENDED = (State.EXPIRED, State.INVALIDATED)
CONSENTS = {*NOES, EventType.GRANT, EventType.CLAIM}
SAMPLES = 400


def never_a_yes_without_proof(cell: Situation, answer: Decision) -> bool:
    if EventType.GRANT not in answer.log:
        return True
    return cell.signup or (cell.evidence >= Grade.E2 and cell.time is not Time.FUTURE)


def no_lifted_but_by_the_person(cell: Situation, answer: Decision) -> bool:
    if EventType.GRANT not in answer.log or cell.state not in NO_STATES or cell.signup:
        return True
    return cell.source is SourceKind.SUBJECT and cell.time is Time.LATER


def subscribes_only_what_is_granted(cell: Situation, answer: Decision) -> bool:
    if not (answer.push.subscribes or answer.after_review.subscribes) or answer.row == 35:
        return True
    return cell.state in (State.GRANTED, State.SOFT_OPTIN) and cell.overlay is None


def lifts_a_no_only_with_intent(cell: Situation, answer: Decision) -> bool:
    stands = cell.status is Seen.UNSUBSCRIBED or cell.wide is not Wide.NONE
    return not (answer.push.subscribes and stands) or answer.intent


def turns_the_others_off_first(cell: Situation, answer: Decision) -> bool:
    if not answer.push.subscribes or cell.wide is Wide.NONE:
        return True
    return answer.push is Push.UNSUB_OTHERS_THEN_SUB


def intent_only_from_the_rows_that_may(cell: Situation, answer: Decision) -> bool:
    return not answer.intent or answer.row in (5, 27, 35, 42)


def an_echo_is_no_evidence(cell: Situation, answer: Decision) -> bool:
    ours = cell.write is Write.ECHO or cell.own
    singly = EventType.WITHDRAW in answer.log and not answer.incident
    return not (ours and cell.status is Seen.UNSUBSCRIBED and singly)


def records_every_no(cell: Situation, answer: Decision) -> bool:
    """Whatever else happens, a no that HubSpot shows and the mirror lacks is written down."""
    if cell.overlay is Overlay.ERASED or answer.row in (44, 45) or cell.state in NO_STATES:
        return True
    ours = cell.own or cell.write is Write.ECHO
    if cell.covered:
        return answer.row == 43 or EventType.OBJECT in answer.log
    return cell.status is not Seen.UNSUBSCRIBED or ours or bool(NOES.intersection(answer.log))


def corrects_every_yes_against_a_no(cell: Situation, answer: Decision) -> bool:
    if cell.status is not Seen.SUBSCRIBED or cell.state not in (*NO_STATES, *ENDED):
        return True
    if cell.covered or cell.overlay is not None or answer.row in (36, 37, 44, 45):
        return True  # all is off in HubSpot, or stopped otherwise
    if cell.identity is Identity.ABSENT or EventType.GRANT in answer.log:
        return True  # nobody is there to be mailed, or the person proved a change of mind
    return answer.push in (Push.UNSUB, Push.UNSUB_ALL)


def makes_no_row_for_the_erased(cell: Situation, answer: Decision) -> bool:
    if cell.overlay is not Overlay.ERASED or answer.row == 35:
        return True
    return CONSENTS.isdisjoint(answer.log) and not answer.push.subscribes


def fails_closed_on_unknown_words(cell: Situation, answer: Decision) -> bool:
    if cell.status is not Seen.UNKNOWN_VALUE and cell.wide is not Wide.UNKNOWN_VALUE:
        return True
    return answer.row == 45 and answer.push is Push.NONE and answer.sends_blocked


def blocks_sending_while_someone_looks(cell: Situation, answer: Decision) -> bool:
    waits = answer.hold or answer.after_review is not Push.NONE
    return not waits or answer.sends_blocked


def never_subscribes_the_restricted(cell: Situation, answer: Decision) -> bool:
    return cell.overlay is not Overlay.RESTRICTED or not answer.push.subscribes


LAWS = (
    never_a_yes_without_proof,
    no_lifted_but_by_the_person,
    subscribes_only_what_is_granted,
    lifts_a_no_only_with_intent,
    turns_the_others_off_first,
    intent_only_from_the_rows_that_may,
    an_echo_is_no_evidence,
    records_every_no,
    corrects_every_yes_against_a_no,
    makes_no_row_for_the_erased,
    fails_closed_on_unknown_words,
    blocks_sending_while_someone_looks,
    never_subscribes_the_restricted,
)


class Whole:
    """One walk through the product: how often each row decided, some of its cells, every broken law."""

    def __init__(self) -> None:
        self.cells = 0
        self.hits: Counter[int] = Counter()
        self.samples: dict[int, dict[Decision, list[Situation]]] = defaultdict(lambda: defaultdict(list))
        self.broken: dict[str, tuple[Situation, Decision]] = {}
        for cell in every_cell():
            answer = decide(cell)
            self.cells += 1
            self.hits[answer.row] += 1
            kept = self.samples[answer.row][answer]
            if len(kept) < SAMPLES:
                kept.append(cell)
            for law in LAWS:
                if not law(cell, answer):
                    self.broken.setdefault(law.__name__, (cell, answer))


@pytest.fixture(scope="module")
def whole() -> Whole:
    return Whole()


def test_every_cell_has_a_row(whole):
    assert whole.cells > 1_000_000
    assert sum(whole.hits.values()) == whole.cells


def test_every_row_decides_somewhere(whole):
    assert set(whole.hits) == set(range(1, 46))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_no_cell_breaks(whole, law):
    assert law.__name__ not in whole.broken


@pytest.mark.parametrize("number", range(1, 46))
def test_no_row_can_be_taken_out(whole, number):
    rest = tuple(row for row in ROWS if row.number != number)

    def changes(cell: Situation) -> bool:
        try:
            return decide_by(rest, cell)._replace(row=0, as_row=None) != decide(cell)._replace(
                row=0, as_row=None
            )
        except NoRow:
            return True

    assert any(changes(cell) for cells in whole.samples[number].values() for cell in cells)


def test_the_rows_of_status_never_overlap():
    """41 and 1-25 share no cell: their order among themselves does not matter."""
    for cell in cells(KNOWN_SEEN, (Wide.NONE,), writes=(Write.NONE,), overlays=(None,)):
        if cell.time is not Time.FUTURE:
            assert sum(row.applies(cell) for row in STATUS_ROWS) == 1


def test_no_row_says_the_same_as_silence():
    """A contact without any row is treated as NOT_SPECIFIED."""
    for cell in cells((Seen.ABSENT,), KNOWN_WIDE, writes=(Write.NONE, Write.ECHO)):
        assert decide(cell) == decide(cell._replace(status=Seen.NOT_SPECIFIED))


def test_only_the_persons_sources_count_as_the_person():
    for cell in cells((Seen.SUBSCRIBED,), (Wide.NONE,), writes=(Write.NONE,)):
        if cell.source is SourceKind.STAFF:
            others = {
                decide(cell._replace(source=kind)) for kind in SourceKind if kind is not SourceKind.SUBJECT
            }
            assert others == {decide(cell)}


def test_nothing_is_ever_written_as_not_specified():
    assert "not_specified" not in {push.value for push in Push}
