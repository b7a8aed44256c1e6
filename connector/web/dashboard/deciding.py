"""Questions that wait for a person, and the files and users that somebody answers for."""

from typing import Final

from starlette.responses import Response

from connector.acts import breakers
from connector.acts import exports as files
from connector.acts.decide import ERASES, TWO_PEOPLE, decide
from connector.acts.reviews import APPROVE, REJECT
from connector.errors import ConfigurationError, Refused, Stopped
from connector.store.reviews import Review
from connector.store.users import Role, User
from connector.web.dashboard.office import Visit
from connector.web.dashboard.questions import question

MOST: Final = 200


def reviews(visit: Visit) -> Response:
    """Open questions, the oldest first."""
    with visit.desk.mirror.read(visit.desk.portal) as work:
        found, breaker = work.reviews.pending(MOST), work.meta.get(breakers.OPEN)
    asked = any(each.kind == breakers.KIND for each in found)
    return visit.page("reviews", reviews=found, two=TWO_PEOPLE, breaker=breaker, asked=asked)


def ask_breaker(visit: Visit) -> Response:
    """The question whether an open breaker may close, anew where it was answered with no."""
    return visit.back(f"/reviews/{breakers.ask_again(visit.desk).id}")


def review(visit: Visit) -> Response:
    """One question with its answers."""
    found = _review(visit)
    with visit.desk.mirror.read(visit.desk.portal) as work:
        deciders = work.users.at_least(Role.DPO)
    mine = any(name == visit.user.name for name, _ in found.approvals)
    return visit.page(
        "review",
        review=found,
        question=question(found, visit.say.language),
        needs_two=found.kind in TWO_PEOPLE,
        deciders=deciders,
        mine=mine,
    )


def answer(visit: Visit) -> Response:
    """Yes or no with a reason; where two have to agree the first one's yes waits."""
    found, said = _review(visit), visit.field("answer")
    if said not in {APPROVE, REJECT}:
        raise ConfigurationError(
            "There is no such answer.", kind="no_such_choice", next_step="Choose one of the two buttons."
        )
    if not visit.field("reason"):
        raise ConfigurationError(
            "A reason is needed.", kind="reason_needed", next_step="Say why, for the log."
        )
    if said == APPROVE and found.kind in ERASES:
        visit.office.lent.before_erasing(visit.desk)
    done = decide(visit.desk, found.id, said, visit.user.name, visit.field("reason"))
    return visit.back("/reviews", "decided_waits" if done.waiting else "decided")


def exports(visit: Visit) -> Response:
    """Files with personal data that were written, and whether they still lie there."""
    now = visit.desk.clock.now()
    shown = [files.document(each, now) for each in files.listed(visit.desk)]
    return visit.page("exports", files=shown)


def destroy(visit: Visit) -> Response:
    """Delete one file, if it is the one that was written."""
    number = visit.request.path_params["number"]
    gone = files.destroy(visit.desk, number, visit.actor)
    if not gone.done:
        raise Stopped(
            f"The file is {gone.standing}: it is not the one that was written, or not there.",
            kind="file_not_destroyed",
            next_step=f"Look for it, then say `consent-mirror exports destroy {number} --gone`.",
        )
    return visit.back("/exports", "destroyed")


def users(visit: Visit) -> Response:
    """Who may do what."""
    return visit.page("users", users=_users(visit), roles=list(Role))


def change_user(visit: Visit) -> Response:
    """Another role, out, or gone. Nobody does it to themselves: the last admin would be locked out."""
    name, act = visit.field("name"), visit.field("act")
    if name not in {each.name for each in _users(visit)}:
        raise Refused("There is no such user.", kind="no_such_user_here", next_step="Load the page again.")
    if name == visit.user.name:
        raise ConfigurationError("This is you.", kind="this_is_you", next_step="Another admin may do it.")
    desk = visit.office.any_desk
    with desk.mirror.write(desk.portal) as work:
        match act:
            case "role" if visit.field("role") in set(Role):
                work.users.set_role(name, Role(visit.field("role")))
            case "out":
                work.sessions.end_all_of(name)
            case "remove":
                work.users.remove(name)
            case _:
                raise ConfigurationError(
                    "There is no such act.", kind="no_such_choice", next_step="Use the buttons."
                )
    return visit.back("/users", "user_changed")


def _users(visit: Visit) -> list[User]:
    desk = visit.office.any_desk
    with desk.mirror.read(desk.portal) as work:
        return list(work.users.all())


def _review(visit: Visit) -> Review:
    with visit.desk.mirror.read(visit.desk.portal) as work:
        found = work.reviews.get(visit.request.path_params["number"])
    if found is None:
        raise Refused("There is no such question.", kind="no_such_question", next_step="Go back to the list.")
    return found
