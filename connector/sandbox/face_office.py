"""Users, roles, login history, marketing e-mails and v1 e-mail events over HTTP (hubspot-api, 10 and 14)."""

from connector.sandbox import access, replies, staff
from connector.sandbox.call import Call
from connector.sandbox.digits import natural
from connector.sandbox.replies import Json, Reply, json_reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route, under
from connector.sandbox.times import iso

USERS_MOST, LOGINS_MOST, MAILS_MOST, EVENTS_MOST = 500, 200, 100, 1_000
#: Of the audit log's types, those that the security history shows.
_SECURITY = (
    "SERVICE_KEY_",
    "USER_",
    "ADD_USER",
    "REMOVE_USER",
    "EXPORT",
    "CONTACT_DATA_EXPORT",
    "GDPR_TOGGLE_",
)


def users(rooms: Rooms, call: Call) -> Reply:
    limit = staff.limit_of(call.number("limit"), USERS_MOST)
    page, more = staff.users_page(rooms.portal.staff, call.number("after", 0) or 0, limit)
    return json_reply(_paged(page, more))


def one_user(rooms: Rooms, call: Call) -> Reply:
    """By id, or by address with `idProperty=EMAIL`."""
    key = call.parameter("userId")
    by_email = call.query.get("idProperty") == "EMAIL"
    for user in rooms.portal.staff.users.values():
        if key == (user.email if by_email else str(user.id)):
            return json_reply(user.document())
    raise replies.not_found("The user does not exist", key)


def roles(rooms: Rooms, call: Call) -> Reply:
    del call
    return json_reply({"results": [role.document() for role in rooms.portal.staff.roles.values()]})


def logins(rooms: Rooms, call: Call) -> Reply:
    """Every attempt of the last 90 days; `after` is the number of lines read."""
    limit, after = staff.limit_of(call.number("limit"), LOGINS_MOST), call.number("after", 0) or 0
    wanted = call.number("userId")
    found = [
        each
        for each in staff.since_90_days(rooms.portal.staff, rooms.portal.clock.now())
        if wanted in {None, each.user}
    ]
    page = [staff.login_document(rooms.portal.staff, each) for each in found[after : after + limit]]
    return json_reply(_paged(page, after + limit if len(found) > after + limit else None))


def security(rooms: Rooms, call: Call) -> Reply:
    """Exports, keys and users, out of the audit log's lines."""
    limit, after = staff.limit_of(call.number("limit"), LOGINS_MOST), call.number("after", 0) or 0
    found = [each for each in rooms.portal.audit if each.kind.startswith(_SECURITY)]
    page: list[Json] = [
        {
            "id": str(each.number),
            "type": each.kind,
            "userId": each.user,
            "actingUser": f"user{each.user}@example.com",
            "objectId": each.object_id,
            "createdAt": iso(each.at),
            "ipAddress": "192.0.2.10",
        }
        for each in found[after : after + limit]
    ]
    return json_reply(_paged(page, after + limit if len(found) > after + limit else None))


def mails(rooms: Rooms, call: Call) -> Reply:
    limit, after = staff.limit_of(call.number("limit"), MAILS_MOST), call.number("after", 0) or 0
    known = rooms.portal.staff.mails
    document = _paged([each.document() for each in known[after : after + limit]],
                      after + limit if len(known) > after + limit else None)  # fmt: skip
    return json_reply({"total": len(known), **document})


def events(rooms: Rooms, call: Call) -> Reply:
    """Newest first; `offset` is opaque to clients."""
    limit = staff.limit_of(call.number("limit", 100), EVENTS_MOST)
    start, end = call.number("startTimestamp", 0) or 0, call.number("endTimestamp") or 2**62
    kinds = set(call.names("eventType"))
    text = call.query.get("offset", "e0")
    skipped = natural(text[1:]) if text.startswith("e") else None
    if skipped is None:
        raise replies.invalid("Invalid offset")
    found = [each for each in reversed(rooms.portal.staff.sent) if start <= each.at <= end]
    shown = found if not kinds or "SENT" in kinds else []
    page = shown[skipped : skipped + limit]
    return json_reply(
        {
            "hasMore": len(shown) > skipped + limit,
            "offset": f"e{skipped + len(page)}",
            "events": [each.document(rooms.portal.id) for each in page],
        }
    )


def _paged(page: list[Json], more: int | None) -> Json:
    document: Json = {"results": page}
    if more is not None:
        document["paging"] = {"next": {"after": str(more)}}
    return document


ROUTES = [
    *under(
        ("/settings/users/2026-03", "/settings/v3/users"),
        Route("GET", "", users, (access.USERS,)),
        Route("GET", "/roles", roles, (access.USERS,)),
        Route("GET", "/{userId}", one_user, (access.USERS,)),
    ),
    *under(
        ("/account-info/2026-03/activity", "/account-info/2026-09/activity", "/account-info/v3/activity"),
        Route("GET", "/login", logins, (access.AUDIT,)),
        Route("GET", "/security", security, (access.AUDIT,)),
    ),
    *under(
        ("/marketing/emails/2026-03", "/marketing/v3/emails"),
        Route("GET", "", mails, (access.CONTENT, access.MARKETING_EMAIL)),
    ),
    Route("GET", "/email/public/v1/events", events, (access.CONTENT,)),
]
