"""Account details, API usage, audit log and OAuth over HTTP (hubspot-api, 2 and 14)."""

from datetime import datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from connector.sandbox import access, replies
from connector.sandbox.call import Call
from connector.sandbox.replies import Json, Reply, json_reply
from connector.sandbox.rooms import Rooms
from connector.sandbox.router import Route, under
from connector.sandbox.times import SECOND, iso, parse

APP_ID, USER_ID, TOKEN_LIFE_S = 1_111_111, 1_001, 1_800


def details(rooms: Rooms, call: Call) -> Reply:
    del call
    options = rooms.portal.options
    local = datetime.fromtimestamp(rooms.portal.clock.now() / SECOND, ZoneInfo(options.time_zone))
    offset = local.utcoffset()
    seconds = int(offset.total_seconds()) if offset is not None else 0
    return json_reply(
        {
            "portalId": rooms.portal.id,
            "accountType": "STANDARD",
            "timeZone": options.time_zone,
            "companyCurrency": "SEK",
            "additionalCurrencies": ["EUR"],
            "utcOffset": _offset(seconds),
            "utcOffsetMilliseconds": seconds * SECOND,
            "uiDomain": f"app-{options.hosting}.hubspot.com",
            "dataHostingLocation": options.hosting,
        }
    )


def _offset(seconds: int) -> str:
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def usage(rooms: Rooms, call: Call) -> Reply:
    """Today's calls of all private apps together."""
    del call
    row = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": rooms.limits.daily,
        "currentUsage": rooms.limits.used_today,
        "collectedAt": iso(rooms.portal.clock.now()),
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(rooms.limits.next_midnight()),
    }
    return json_reply({"results": [row]})


def audit_logs(rooms: Rooms, call: Call) -> Reply:
    """Newest last; `after` is the number of the last line read."""
    limit = call.number("limit", 100) or 0
    if not 1 <= limit <= 100:
        raise replies.invalid("limit must be between 1 and 100")
    since, until = _moment(call, "occurredAfter", 0), _moment(call, "occurredBefore", 2**62)
    users, after = set(call.names("actingUserId")), call.number("after", 0) or 0
    found = [
        entry
        for entry in rooms.portal.audit
        if entry.number > after and since <= entry.at <= until and (not users or str(entry.user) in users)
    ]
    document: Json = {"results": [entry.document(rooms.portal.id) for entry in found[:limit]]}
    if len(found) > limit:
        document["paging"] = {"next": {"after": str(found[limit - 1].number)}}
    return json_reply(document)


def _moment(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if not text:
        return default
    at = parse(text.replace(" ", "+"))  # an unescaped plus sign of a zone arrives as a blank
    if at is None:
        raise replies.invalid(f"Invalid value for {name}: {text!r} is not a time")
    return at


def token(rooms: Rooms, call: Call) -> Reply:
    """RFC 6749: any client id gets a token of an app named after it; a secret `bad…` is a wrong one."""
    form = _form(call)
    kind, client = form.get("grant_type"), form.get("client_id")
    if kind not in {"authorization_code", "refresh_token", "client_credentials"} or not client:
        return _oauth_error("unsupported_grant_type" if client else "invalid_client")
    if form.get("client_secret", "").startswith("bad"):
        return _oauth_error("invalid_client")
    if kind == "refresh_token" and form.get("refresh_token", "").startswith("bad"):
        return _oauth_error("invalid_grant")
    answer: Json = {
        "access_token": rooms.access.add_app(client),
        "expires_in": TOKEN_LIFE_S,
        "token_type": "bearer",
        "token_use": "client_credentials" if kind == "client_credentials" else "access_token",
        "hub_id": rooms.portal.id,
        "user_id": USER_ID,
        "scopes": sorted(access.GRANTABLE[rooms.access.tier]),
    }
    if kind != "client_credentials":
        answer["refresh_token"] = f"refresh-{client}"
    return json_reply(answer)


def _form(call: Call) -> dict[str, str]:
    """The fields as a form, which is documented, or as JSON, which HubSpot's own dated client sends."""
    if call.body.startswith(b"{"):
        return {name: str(value) for name, value in call.object().items()}
    return dict(parse_qsl(call.body.decode("utf-8", "replace")))


def _oauth_error(code: str) -> Reply:
    status = "BAD_REFRESH_TOKEN" if code == "invalid_grant" else code.upper()
    return json_reply({"error": code, "error_description": code, "status": status, "message": code}, 400)


def introspect(rooms: Rooms, call: Call) -> Reply:
    """Both spellings of the token's field are taken (HA 2)."""
    form = _form(call)
    given = form.get("token") or form.get("access_token") or form.get("refresh_token") or ""
    try:
        app = rooms.access.caller(f"Bearer {given}")
    except replies.Refusal:
        return json_reply({"active": False})
    scopes = sorted(app.scopes)
    return json_reply(
        {
            "active": True,
            "token": given,
            "token_type": "access",
            "token_use": "access_token",
            "hub_id": rooms.portal.id,
            "user_id": USER_ID,
            "app_id": APP_ID,
            "client_id": form.get("client_id", app.name),
            "scopes": scopes,
            "expires_in": TOKEN_LIFE_S,
            "is_private_distribution": True,
            "signed_access_token": _signed(rooms, scopes),
        }
    )


def token_info(rooms: Rooms, call: Call) -> Reply:
    """What a private app token is worth: `POST /oauth/v2/private-apps/get/access-token-info`."""
    app = rooms.access.caller(f"Bearer {call.object().get('tokenKey')}")
    return json_reply(
        {"userId": USER_ID, "hubId": rooms.portal.id, "appId": APP_ID, "scopes": sorted(app.scopes)}
    )


def _signed(rooms: Rooms, scopes: list[str]) -> Json:
    return {
        "appId": APP_ID,
        "expiresAt": rooms.portal.clock.now() + TOKEN_LIFE_S * SECOND,
        "hubId": rooms.portal.id,
        "hublet": rooms.portal.options.hosting,
        "installingUserId": USER_ID,
        "isPrivateDistribution": True,
        "isServiceAccount": False,
        "isUserLevel": False,
        "newSignature": "sandbox",
        "scopes": " ".join(scopes),
        "scopeToScopeGroupPks": "",
        "signature": "sandbox",
        "trialScopes": "",
        "trialScopeToScopeGroupPks": "",
        "userId": USER_ID,
    }


ROUTES = [
    *under(
        ("/account-info/2026-03", "/account-info/2026-09", "/account-info/v3"),
        Route("GET", "/details", details, (access.OAUTH,)),
        Route("GET", "/api-usage/daily/private-apps", usage, (access.OAUTH,)),
        Route("GET", "/activity/audit-logs", audit_logs, (access.AUDIT,)),
    ),
    *under(
        ("/oauth/2026-03", "/oauth/2026-09"),
        Route("POST", "/token", token, open=True),
        Route("POST", "/token/introspect", introspect, open=True),
    ),
    Route("POST", "/oauth/v1/token", token, open=True),
    Route("POST", "/oauth/v2/private-apps/get/access-token-info", token_info),
]
