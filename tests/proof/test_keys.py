"""The key file: refused when anything is wrong with it, and what is lost is said."""

import codecs

import pytest

from connector.clock import SeededChance
from connector.errors import ConfigurationError
from connector.proof import keys

KEYS = keys.generate(SeededChance("keys"))


def test_four_keys_that_differ():
    assert len({KEYS.master, *KEYS.suppression, KEYS.links, KEYS.signing}) == 4


def test_a_saved_file_is_read_back_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "mirror.keys"
    keys.save(path, KEYS)
    assert keys.load(path) == KEYS
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_place_that_no_file_can_be_made_in_is_named_and_nothing_is_said_to_be_lost(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be made: No such file") as caught:
        keys.save(tmp_path / "none" / "mirror.keys", keys.generate(SeededChance(1)))
    assert "[mirror] keys" in caught.value.next_step
    assert "recognised" not in caught.value.problem


def test_a_key_file_is_never_overwritten(tmp_path):
    path = tmp_path / "mirror.keys"
    keys.save(path, KEYS)
    with pytest.raises(ConfigurationError, match="already"):
        keys.save(path, keys.generate(SeededChance("other")))
    assert keys.load(path) == KEYS


def test_an_older_suppression_key_is_kept_in_the_ring():
    ring = keys.Keys(KEYS.master, (bytes(32), *KEYS.suppression), KEYS.links, KEYS.signing)
    assert keys.load_text(keys.dump(ring)) == ring


def test_the_variable_goes_before_the_file(tmp_path):
    text = keys.dump(KEYS).strip().replace("\n", ";")
    assert keys.load(tmp_path / "none", {keys.VARIABLE: text}) == KEYS


def _mode(path):
    path.chmod(0o640)


def _cut(path):
    path.write_text(path.read_text()[:-40])


def _edit(path):
    path.write_text(path.read_text().replace(KEYS.links.hex(), KEYS.links.hex()[::-1]))


def _binary(path):
    path.write_bytes(b"\xff\xfe" + path.read_bytes())


def _short(path):
    lines = ["consent-mirror keys v1", "master 00", "suppression 11", "links 22", "signing 33"]
    path.write_text("\n".join([*lines, f"check {keys.check(lines)}"]))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        pytest.param(_mode, "read by others", id="readable by others"),
        pytest.param(_cut, "damaged", id="cut"),
        pytest.param(_edit, "damaged", id="edited"),
        pytest.param(_binary, "damaged", id="not text"),
        pytest.param(_short, "damaged", id="short keys"),
        pytest.param(lambda path: path.write_text(""), "damaged", id="empty"),
        pytest.param(lambda path: path.unlink(), "no key file", id="missing"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_and_its_loss_explained(tmp_path, harm, says):
    path = tmp_path / "mirror.keys"
    keys.save(path, KEYS)
    harm(path)
    with pytest.raises(ConfigurationError, match=says) as caught:
        keys.load(path)
    assert says == "read by others" or "no erased person can be recognised" in caught.value.problem
    assert caught.value.next_step
    assert KEYS.master.hex() not in str(caught.value)


def test_a_file_that_was_saved_on_windows_is_not_told_to_be_lost(tmp_path):
    path = tmp_path / "mirror.keys"
    keys.save(path, KEYS)
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes().replace(b"\n", b"\r\n"))
    assert keys.load(path) == KEYS


def test_keys_are_in_no_repr():
    assert KEYS.master.hex() not in repr(KEYS)
    assert str(KEYS.master) not in repr(KEYS)


@pytest.mark.parametrize("key", [bytes(31), KEYS.master])
def test_a_key_serves_one_use_and_has_32_bytes(key):
    with pytest.raises(ValueError, match="different keys"):
        keys.Keys(KEYS.master, KEYS.suppression, key, KEYS.signing)


def test_a_new_signing_key_takes_the_others_along_and_the_place_of_the_file(tmp_path):
    path = tmp_path / "mirror.keys"
    old = keys.generate(SeededChance(1))
    keys.save(path, old)
    new = keys.with_new_signing(old, SeededChance(2))
    assert keys.stage(path, new) == keys.staged(path)
    assert keys.load(path) == old, "nothing is exchanged yet"
    keys.promote(path)
    assert (keys.load(path), path.stat().st_mode & 0o777) == (new, 0o600)
    assert (new.master, new.suppression, new.links) == (old.master, old.suppression, old.links)
    assert new.signing != old.signing
