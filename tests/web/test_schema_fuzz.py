"""The description of the public endpoints: whole, and generated requests from it to the real application."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from connector import wiring_web
from connector.acts.gauges import gauges
from connector.acts.links import links_of
from connector.acts.sign_up import Asked, ask_yes
from connector.hubspot.signatures import v3
from connector.meters import METERS
from connector.web.app import make_app, public_routes
from connector.web.limits import Limiter, Rate
from connector.web.metrics import Instruments
from connector.web.pages import style_name
from connector.web.watch import Watched, watch_app
from tests.web.conftest import PUBLIC
from tests.world import ANNA, BO, CARIN, DAVID, TYPES, World, world

FILE = Path(__file__).parents[2] / "docs" / "openapi.yaml"
DOCUMENT: Mapping[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
HERE = "https://consent.example"
LISTENER = {"/healthz", "/readyz", "/metrics"}
HOOK = "/webhooks/hubspot"
CONFIRM = "/c/{token}"
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
EXAMPLES = 9  # of each operation in each mode
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("WEBHOOK_TEST_SECRET", SECRET)
    secret = 'webhook_secret_env = "WEBHOOK_TEST_SECRET"\n'
    with world(tmp_path, extra=PUBLIC, portal=secret, contacts=(ANNA, BO, CARIN, DAVID)) as made:
        made.begin()
        yield made


def watched(here: World) -> Starlette:
    portals = [partial(gauges, here.desk)]
    return watch_app(
        Watched(
            portals=portals,
            probe=here.mirror.probe,
            instruments=Instruments(portals, METERS, lambda: 1.0),
            tick_age=lambda: 1.0,
        )
    )


def test_every_public_route_is_described_and_nothing_else(here: World) -> None:
    served = {
        (route.path, method.lower())
        for route in [*public_routes(), *watched(here).routes]
        for method in cast("Route", route).methods or ()
        if method != "HEAD"
    }
    described = {
        (path, method) for path, item in DOCUMENT["paths"].items() for method in METHODS & item.keys()
    }
    assert described == served


def stands(here: World, address: str) -> tuple[Any, ...]:
    """All that a link could have changed about somebody, here and in HubSpot."""
    person = here.person(address)
    return (
        person and person.id,
        [here.row(address, key) for key in TYPES],
        [here.state(address, key) for key in TYPES],
        [event.type for event in here.log(address)],
        [here.hubspot(address, number) for number in TYPES.values()],
    )


def test_generated_requests_break_nothing_and_reach_nobody_else(here: World) -> None:
    for address in (ANNA, BO, CARIN):
        here.grant(address)
    anna, bo = links_of(here.desk, ANNA), links_of(here.desk, BO)
    tokens = _tokens(anna.one_click, anna.preferences, forged_from=(bo.one_click, bo.preferences))
    confirming = sign_up(here, DAVID)
    before = {address: stands(here, address) for address in (BO, CARIN)}
    asked: list[tuple[str, int]] = []
    with wiring_web.site_of(here.settings, [here.desk], here.tools) as site:
        free = {name: Limiter(Rate(burst=10_000, per_s=1), here.clock) for name in site.limiters}
        app = make_app(replace(site, limiters=free))
        _drive(here, app, lambda path: path not in {*LISTENER, CONFIRM}, tokens, asked)
        _drive(here, app, CONFIRM.__eq__, [*tokens, *[confirming] * 4], asked)
    _drive(here, watched(here), LISTENER.__contains__, tokens, asked)
    assert [each for each in asked if each[1] >= 500] == []
    assert len(asked) <= 200
    assert {status for _, status in asked} >= {200, 302, 400, 401, 404}, "the generator reached too little"
    assert {(path, 200) for path in ("/u/{token}", "/p/{token}", CONFIRM, "/static/{name}", HOOK)} <= set(
        asked
    )
    assert here.state(ANNA) == "WITHDRAWN", "the valid token did nothing: the requests were not real"
    assert here.state(DAVID) == "GRANTED", "the sign-up that waits was never confirmed"
    assert {address: stands(here, address) for address in (BO, CARIN)} == before


def sign_up(here: World, address: str) -> str:
    """The token in the mail that somebody gets who asked for the newsletter at their page."""
    assert here.desk.signer is not None
    ticket = here.desk.signer.read(links_of(here.desk, address).unsubscribe.rpartition("/")[2])
    purpose = here.desk.purposes.get("newsletter")
    assert ticket is not None and purpose is not None
    asked = Asked(ticket=ticket, purpose=purpose, text="Yes, please.", language="en", at=here.now)
    with here.mirror.write(here.desk.portal) as work:
        ask_yes(here.desk, work, asked)
    with here.mirror.write(here.desk.portal) as work:  # looking for one to send locks it
        row = work.mail.due(here.now)
    found = re.search(rb"https://consent\.example/c/([\w.-]+)", (row and row.body) or b"")
    assert found is not None, "no mail waits"
    return found[1].decode()


def _tokens(*good: str, forged_from: tuple[str, ...]) -> list[str]:
    """Ours for Anna; Bo's with another end or another beginning, and Bo's payload under Anna's seal."""
    valid = [url.rpartition("/")[2] for url in good]
    other = [url.rpartition("/")[2] for url in forged_from]
    altered = [token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB") for token in other]
    swapped = [
        ".".join([*theirs.split(".")[:-1], ours.split(".")[-1]])
        for theirs, ours in zip(other, valid, strict=True)
    ]
    return [*valid, *altered, *swapped, "v2." + other[0], other[0] + "."]


def _drive(
    here: World, app: ASGIApp, of: Callable[[str], bool], tokens: list[str], asked: list[tuple[str, int]]
) -> None:
    """All operations whose path is `of` this application."""
    schema = schemathesis.openapi.from_dict(dict(DOCUMENT))
    schema.app = app  # as from_asgi does; the application itself serves no description
    for found in schema.get_all_operations():
        operation = found.ok()
        if not of(operation.path):
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and operation.path in LISTENER:
                continue  # nothing can be wrong about a request without parameters
            _some(here, operation.as_strategy(generation_mode=mode), tokens, asked)


def _some(
    here: World, cases: st.SearchStrategy[Case], tokens: list[str], asked: list[tuple[str, int]]
) -> None:
    @seed(20_260_615)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, token=st.sampled_from([*tokens, None]), signed=st.sampled_from([True, True, False]))
    def ask(case: Case, token: str | None, signed: bool) -> None:
        if token is not None and "token" in case.path_parameters:
            case.path_parameters["token"] = token
        if token is not None and "name" in case.path_parameters:
            case.path_parameters["name"] = style_name()
        more = _signature(here, case) if case.path == HOOK and signed else {}
        answer = case.call(base_url=HERE, **more)
        asked.append((case.path, answer.status_code))

    ask()


def _signature(here: World, case: Case) -> dict[str, Any]:
    """HubSpot's own, over the generated body, about Bo: a hint says "read again" and no more."""
    body = case.body
    if isinstance(body, list) and body and all(isinstance(each, dict) for each in body):
        about = {"portalId": here.desk.portal, "objectId": here.contact_ids[BO], "occurredAt": here.now}
        body = [each | about for each in body]
    try:
        data = json.dumps(body).encode()
    except (TypeError, ValueError):
        data = repr(body).encode()
    at = str(here.now)
    case.query = {}
    case.headers = {}
    return {
        "data": data,
        "headers": {
            "Content-Type": "application/json",
            "X-HubSpot-Signature-v3": v3(SECRET, "POST", HERE + HOOK, data, at),
            "X-HubSpot-Request-Timestamp": at,
        },
    }
