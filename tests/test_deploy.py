"""What can be said of deploy/ without Prometheus, systemd or a container engine."""

import configparser
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

from connector.meters import Meters
from connector.settings import Settings
from connector.web.metrics import COUNTERS, PREFIX, SINGLE, Instruments

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text("utf-8"))["groups"][0]["rules"]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def known() -> set[str]:
    shown = {metric.name for metric in Instruments([], Meters(), lambda: 0.0).collect()}
    return shown | {PREFIX + name for name, *_ in SINGLE} | {f"{PREFIX}{name}_total" for name in COUNTERS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_asks_for_a_metric_that_is_shown_and_says_what_to_do(rule: dict) -> None:
    asked = set(re.findall(rf"{PREFIX}\w+", rule["expr"]))
    assert asked
    assert asked <= known()
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["action"]


@pytest.mark.parametrize(
    ("alert", "limit"),
    [("OptOutWaits", 15 * 60), ("OptOutLate", 3_600), ("ErasureLate", 24 * 3_600), ("NoReport", 26 * 3_600)],
)
def test_the_limits_are_those_that_were_promised(alert: str, limit: int) -> None:
    rule = next(each for each in RULES if each["alert"] == alert)
    assert rule["expr"].endswith(f"> {limit}")


def test_a_rule_watches_every_kind_of_trouble_that_has_a_gauge() -> None:
    text = " ".join(rule["expr"] for rule in RULES)
    for name in ("breaker_open", "token_refused", "log_verify_ok", "outbox_parked", "jobs_failing"):
        assert PREFIX + name in text


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys have capitals
    parser.read(DEPLOY / "consent-mirror.service")
    return parser["Service"]


def test_the_unit_waits_for_ready_and_watches() -> None:
    service = unit()
    assert (service["Type"], service["NotifyAccess"], service["Restart"]) == ("notify", "main", "always")
    assert int(service["WatchdogSec"]) > 180  # the daemon ends by itself before systemd has to
    assert shlex.split(service["ExecStart"])[-1] == "daemon"
    for key in ("ProtectSystem", "NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictAddressFamilies"):
        assert key in service


def test_the_container_listens_where_the_settings_say_and_runs_as_nobody_special() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    for variable in re.findall(r"(CONSENT_MIRROR__[A-Z_]+)=", text):
        section, key = variable.removeprefix("CONSENT_MIRROR__").lower().split("__")
        assert key in type(Settings.model_fields[section].default).model_fields
    assert re.search(r"^USER \d+$", text, re.MULTILINE)
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / each).exists() for each in copied.split())


def test_compose_names_only_secrets_and_volumes_that_it_has() -> None:
    services = COMPOSE["services"]
    for service in services.values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert all(port.startswith("127.0.0.1:") for port in services["mirror"]["ports"])
    assert "ports" not in services["database"]
    assert "9464" not in " ".join(services["mirror"]["ports"])


def test_the_example_configuration_listens_on_this_machine_only() -> None:
    said = tomllib.loads((ROOT / "config.example.toml").read_text("utf-8"))
    assert said["health"]["listen"].startswith("127.0.0.1:")
    assert said["web"]["listen"].startswith("127.0.0.1:")
