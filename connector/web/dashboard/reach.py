"""Who and what can reach the register, each with a motive and a day to look again (`access`)."""

from starlette.responses import Response

from connector.acts import access as act
from connector.acts.when import until
from connector.web.dashboard.office import Visit


def overview(visit: Visit) -> Response:
    """What was read last; names of HubSpot's users as initials."""
    rules = visit.office.lent.access_rules(visit.desk)
    return visit.page("access", found=act.document(visit.desk, rules, named=False))


def read(visit: Visit) -> Response:
    """Ask HubSpot and look at our own files now."""
    visit.office.lent.read_access(visit.desk)
    return visit.back("/access", "access_read")


def justify(visit: Visit) -> Response:
    """Say why somebody or something has access, and until when that holds."""
    desk, day = visit.desk, visit.field("review")
    usual = desk.clock.now() + visit.office.site.settings.access.review * 1000
    until_day = until(day, desk.zone, "--review") if day else usual
    number = visit.request.path_params["number"]
    act.justify(desk, number, visit.field("motive"), until_day, visit.user.name)
    return visit.back("/access", "justified")
