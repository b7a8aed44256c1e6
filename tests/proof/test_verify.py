"""The verification: whatever is done to a log, the first entry that is not what it was is named."""

from dataclasses import replace

import msgspec
import pytest

from connector.proof.canon import canon
from connector.proof.chain import FIRST, Header, Opened, Record, commitment, entry_hash
from connector.proof.merkle import root_of
from connector.proof.notes import SignedRoot
from connector.proof.verify import Broken, End, Problem, Signed, verify_log

SIZE = 9
ANNA, BERTIL = "aa" * 16, "bb" * 16


def entry(seq, prev, *, type_="claim", subject=ANNA, at=None, salt=None):
    opened = Opened(salt or bytes([seq % 256]) * 32, canon({"seq": seq}))
    commit = commitment(*opened).hex()
    header = Header(
        "none",
        commit,
        "E0",
        None,
        prev,
        "news",
        1000 + seq if at is None else at,
        seq,
        subject,
        type_,
        1,
        None,
    )
    return Record(header, entry_hash(header), opened)


def log(*types, subjects=None):
    """A sound log; types and subjects of its entries may be chosen."""
    records, prev = [], FIRST
    for seq in range(1, (len(types) or SIZE) + 1):
        chosen = {"type_": types[seq - 1]} if types else {}
        subject = (subjects or {}).get(seq, ANNA)
        records.append(entry(seq, prev, subject=subject, **chosen))
        prev = records[-1].hash.hex()
    return records


def signed(records, size):
    return Signed(SignedRoot("log", size, root_of(record.hash for record in records[:size])), f"at {size}")


def end(records):
    last = records[-1].hash.hex() if records else FIRST
    return End(len(records), last, root_of(record.hash for record in records).hex())


GOOD = log()


def test_an_entry_that_follows_another_one_is_found():
    """One took an entry's place and chained the rest to theirs: every hash is right, one `prev` is not."""
    records = log()[:4]
    prev = records[2].hash.hex()
    for seq in range(5, SIZE + 1):
        records.append(entry(seq, prev))
        prev = records[-1].hash.hex()
    found = verify_log(records)
    assert found.first_broken == Broken(5, Problem.PREV)
    assert [each.problem for each in found.findings] == [Problem.PREV]


def changed(record, **fields):
    return record._replace(header=msgspec.structs.replace(record.header, **fields))


def test_a_sound_log_is_sound():
    verdict = verify_log(
        GOOD, payloads=True, checkpoints=[signed(GOOD, size) for size in (0, 3, SIZE)], end=end(GOOD)
    )
    assert (verdict.ok, verdict.entries, verdict.checkpoints, verdict.payloads) == (True, SIZE, 3, SIZE)
    assert (verdict.root, verdict.last) == (end(GOOD).root, end(GOOD).last)


def test_an_empty_log_is_sound():
    assert verify_log([], end=end([])).ok


@pytest.mark.parametrize("place", range(SIZE))
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("basis", "consent"),
        ("commit", "00" * 32),
        ("grade", "E3"),
        ("notice_hash", "00" * 32),
        ("prev", "11" * 32),
        ("purpose", "*"),
        ("recorded_at", 5000),
        ("subject_ref", BERTIL),
        ("type", "grant"),
        ("v", 2),
        ("wording_hash", "00" * 32),
    ],
)
def test_each_edited_header_field_is_found_and_its_entry_named(place, field, value):
    records = list(GOOD)
    records[place] = changed(records[place], **{field: value})
    assert verify_log(records).first_broken == Broken(place + 1, Problem.EDITED)


@pytest.mark.parametrize("place", range(SIZE))
def test_an_edited_hash_is_found(place):
    records = list(GOOD)
    records[place] = records[place]._replace(hash=bytes(32))
    assert verify_log(records).first_broken == Broken(place + 1, Problem.EDITED)


@pytest.mark.parametrize("place", range(SIZE - 1))
def test_a_deleted_entry_is_a_gap(place):
    verdict = verify_log(GOOD[:place] + GOOD[place + 1 :], end=end(GOOD))
    assert verdict.first_broken == Broken(place + 1, Problem.GAP)
    assert verdict.gaps == [(place + 1, place + 1)]


@pytest.mark.parametrize("place", range(SIZE - 1))
def test_two_entries_in_the_wrong_order_are_found(place):
    records = list(GOOD)
    records[place], records[place + 1] = records[place + 1], records[place]
    assert verify_log(records).first_broken is not None
    assert verify_log(records).first_broken.seq == place + 1


@pytest.mark.parametrize("place", range(SIZE))
def test_an_inserted_entry_is_found(place):
    before = GOOD[place - 1].hash.hex() if place else FIRST
    forged = entry(place + 1, before, type_="grant")
    verdict = verify_log([*GOOD[:place], forged, *GOOD[place:]], end=end(GOOD))
    assert verdict.first_broken is not None
    assert verdict.first_broken.seq <= place + 2


@pytest.mark.parametrize("kept", range(SIZE))
def test_a_cut_tail_is_found_by_a_checkpoint_from_outside(kept):
    records = GOOD[:kept]
    assert verify_log(records, end=end(records)).ok, "nothing inside of a database can tell"
    verdict = verify_log(records, end=end(records), checkpoints=[signed(GOOD, SIZE)])
    assert verdict.first_broken == Broken(kept + 1, Problem.TRUNCATED, f"at {SIZE}")


def test_a_cut_tail_is_found_by_the_head_alone_when_it_was_left_as_it_was():
    assert verify_log(GOOD[:5], end=end(GOOD)).first_broken == Broken(6, Problem.TRUNCATED, "head")


def test_a_history_written_anew_is_found_by_a_checkpoint():
    anew = log(*["grant"] * SIZE)
    assert verify_log(anew, end=end(anew)).ok
    assert verify_log(anew, checkpoints=[signed(GOOD, 4)]).first_broken == Broken(
        4, Problem.CHECKPOINT, "at 4"
    )


def test_a_head_that_says_something_else_is_found():
    assert verify_log(GOOD, end=replace(end(GOOD), root="00" * 32)).findings == [
        Broken(SIZE + 1, Problem.HEAD, "head")
    ]


def test_time_that_goes_back_is_found():
    first = entry(1, FIRST)
    second = entry(2, first.hash.hex(), at=5)
    assert verify_log([first, second]).findings == [Broken(2, Problem.TIME)]


@pytest.mark.parametrize(
    ("opened", "problem"),
    [
        pytest.param(Opened(bytes([4]) * 32, canon({"seq": 5})), Problem.PAYLOAD, id="edited"),
        pytest.param(Opened(bytes(32), canon({"seq": 4})), Problem.PAYLOAD, id="other salt"),
        pytest.param(Opened(b"", b""), Problem.PAYLOAD, id="does not open"),
        pytest.param(None, Problem.NO_PAYLOAD, id="removed"),
    ],
)
def test_a_payload_that_is_not_what_was_committed_to_is_found(opened, problem):
    records = list(GOOD)
    records[3] = records[3]._replace(opened=opened)
    assert verify_log(records, payloads=True).findings == [Broken(4, problem)]
    assert verify_log(records).ok, "headers alone are sound"


def test_erasure_explains_missing_payloads_of_that_person_and_of_nobody_else():
    subjects = {2: BERTIL, 4: BERTIL, 6: ANNA}
    records = [record._replace(opened=None) if record.header.seq in {2, 3, 4} else record
               for record in log("claim", "claim", "claim", "withdraw", "claim", "claim", "erased",
                                 subjects=subjects | {7: BERTIL})]  # fmt: skip
    verdict = verify_log(records, payloads=True)
    assert verdict.findings == [Broken(3, Problem.NO_PAYLOAD)]
    assert verdict.erased == 2


def test_the_erasure_itself_may_lose_its_payload_but_nothing_after_it():
    records = [record._replace(opened=None) for record in log("claim", "erased", "claim")]
    assert verify_log(records, payloads=True).findings == [Broken(3, Problem.NO_PAYLOAD)]


def test_a_sign_up_that_ran_out_may_lose_its_payload_and_only_that():
    records = log("request", "claim", "expire")
    gone = [records[0]._replace(opened=None), records[1]._replace(opened=None), records[2]]
    assert verify_log(gone, payloads=True).findings == [Broken(2, Problem.NO_PAYLOAD)]


def test_a_hopeless_log_does_not_fill_the_memory():
    records = [record._replace(hash=bytes(32)) for record in log(*["claim"] * 600)] * 3
    assert len(verify_log(records).findings) <= 1_000
