"""A database put back from an older copy, and mail servers that fail, in histories written by hand."""

from tests.simulation.deeds import Deed
from tests.simulation.misfortunes import KINDS
from tests.simulation.run import play
from tests.world import DAY, HOUR


def test_after_a_restore_nobody_erased_is_back_and_no_no_is_lost() -> None:
    """A no and an erasure come after the copy; the copy knows neither (I19)."""
    ended = play(
        4,
        [
            Deed("consents", HOUR, 1, 0),
            Deed("copied", DAY),
            Deed("withdraws", HOUR, 1, 0),
            Deed("withdraws", HOUR, 3, 1),
            Deed("asks_to_be_erased", HOUR, 2),
            Deed("put_back", DAY, 0, 1),
            Deed("comes_back", HOUR, 0, 1),
            Deed("nothing", HOUR),
        ],
    )
    assert ended.problem is None
    assert ended.seen["restores"] == 1
    assert ended.played == 8


def test_each_night_has_its_report_whatever_the_mail_server_does() -> None:
    """Put off, refused, silent, and dropped when nobody knows whether the letter arrived (I22)."""
    deeds = [Deed("nothing", DAY)]
    for kind in range(len(KINDS)):
        deeds += [Deed("mail_fails", HOUR, kind, 0), Deed("nothing", DAY)]
    ended = play(5, deeds)
    assert ended.problem is None
    assert {name for name in ended.seen if name.startswith("mail ")} == {f"mail {kind}" for kind in KINDS}
