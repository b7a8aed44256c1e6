"""The configuration: every key documented, every problem at once, never a value."""

import codecs
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from connector.errors import ConfigurationError
from connector.settings import Settings, load, load_sound, secret

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
SMALLEST = """
[controller]
name = "Exempel AB"
contact = "dataskydd@exempel.se"
[[portals]]
portal_id = 62515
token_env = "HUBSPOT_TOKEN"
[[purposes]]
key = "newsletter"
subscription_id = 101
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return path


def problem_of(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert caught.value.where == str(path)
    assert caught.value.next_step
    return caught.value.problem


def sections() -> dict[str, type[BaseModel]]:
    found = {}
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        inner = getattr(kind, "__args__", (kind,))[0]
        found[name] = inner
    return found


def test_the_example_loads_and_says_what_the_contract_fixes() -> None:
    settings = load(EXAMPLE)
    assert settings.portals[0].portal_id == 62515
    assert settings.purposes[0].title == {"sv": "Nyhetsbrev", "en": "Newsletter"}
    assert (settings.schedule.pull, settings.schedule.sweep) == (300, "02:00")
    assert (settings.breaker.erasures, settings.breaker.subscribes) == (3, 20)


@pytest.mark.parametrize("section", sections())
def test_every_key_is_in_the_example_with_a_comment_above_it(section: str) -> None:
    text = EXAMPLE.read_text("utf-8")
    fields = sections()[section].model_fields
    for name, field in fields.items():
        key = field.alias or name
        assert re.search(rf"^(# )?{re.escape(key)} = ", text, re.MULTILINE), (
            f"{section}.{key} is undocumented"
        )


def test_the_example_has_no_key_that_the_program_does_not_know() -> None:
    awake = re.sub(r"^# (\w+ = |\[\[)", r"\1", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    data = tomllib.loads(awake)
    for alternative in ("token_file", "journal_client_secret_file"):
        data["portals"][0].pop(alternative)
    for alternative in ("secret_file", "address"):
        data["recipients"][0].pop(alternative)
    assert Settings(**data).portals[0].name == "main"


def test_the_smallest_file_is_enough(tmp_path: Path) -> None:
    settings = load(write(tmp_path, SMALLEST))
    assert settings.portal(None).calls_per_10_s == "auto"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'token_env = "HUBSPOT_TOKEN"',
            'token_env = "pat-na1-1"',
            "portals.0.token_env: the name of a variable",
        ),
        ('[[portals]]\nportal_id = 62515\ntoken_env = "HUBSPOT_TOKEN"', "", "portals"),
    ],
)
def test_a_table_with_a_flaw_is_not_told_to_be_missing_too(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    problem = problem_of(write(tmp_path, SMALLEST.replace(old, new)))
    assert problem.startswith(told)
    assert problem.count(";") == 0
    assert "Tuple" not in problem


def test_all_problems_are_told_at_once_with_key_and_what_is_allowed(tmp_path: Path) -> None:
    text = SMALLEST.replace("62515", "0") + (
        '[mirror]\ncolour = "green"\n[schedule]\npull = "soon"\nsweep = "25:00"\n[report]\n'
        'smtp_host = "mail.exempel.se"\nsmtp_security = "none"\n'
    )
    problem = problem_of(write(tmp_path, text))
    for key in (
        "mirror.colour: unknown key",
        "schedule.pull",
        "schedule.sweep",
        "portals.0.portal_id",
        "report",
    ):
        assert key in problem
    assert '"5m"' in problem
    assert "green" not in problem and "soon" not in problem


@pytest.mark.parametrize(
    "api",
    [
        "https://evil.example",
        "https://api.hubapi.com.evil.example",
        "http://api.hubapi.com",
        "https://user:pw@api.hubapi.com",
        "https://hubapi.com.evil",
        "ftp://127.0.0.1",
    ],
)
def test_a_host_that_is_not_hubspots_gets_no_token(tmp_path: Path, api: str) -> None:
    text = SMALLEST.replace('token_env = "HUBSPOT_TOKEN"', f'token_env = "HUBSPOT_TOKEN"\napi = "{api}"')
    assert "portals.0.api" in problem_of(write(tmp_path, text))


@pytest.mark.parametrize("api", ["http://127.0.0.1:8123", "http://localhost:1", "https://api-eu1.hubapi.com"])
def test_loopback_and_hubspots_hosts_are_allowed(tmp_path: Path, api: str) -> None:
    text = SMALLEST.replace('token_env = "HUBSPOT_TOKEN"', f'token_env = "HUBSPOT_TOKEN"\napi = "{api}"')
    assert load(write(tmp_path, text)).portals[0].api == api


def test_a_marketing_purpose_needs_consent_or_soft_opt_in(tmp_path: Path) -> None:
    text = SMALLEST + 'basis = "legitimate_interest"\n'
    assert "consent or soft_optin" in problem_of(write(tmp_path, text))
    assert load(write(tmp_path, text + "marketing = false\n"))


def test_a_retention_rule_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "purposes.0.retain" in problem_of(write(tmp_path, SMALLEST + 'retain = "some day"\n'))


def test_broken_toml_names_file_and_line(tmp_path: Path) -> None:
    assert "line 2" in problem_of(write(tmp_path, "[mirror]\ndatabase = \n"))


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no configuration file") as caught:
        load(tmp_path / "none.toml")
    assert "init" in caught.value.next_step


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSENT_MIRROR__MIRROR__DATABASE", "sqlite:///other.db")
    assert load(write(tmp_path, SMALLEST)).mirror.database == "sqlite:///other.db"


def test_doubles_are_refused(tmp_path: Path) -> None:
    text = SMALLEST + '[[purposes]]\nkey = "events"\nsubscription_id = 101\n'
    assert "purposes.subscription_id" in problem_of(write(tmp_path, text))


def test_a_secret_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("pat-eu1-canary\n", "utf-8")
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="read by others") as caught:
        secret(None, path, key="portals.token_file")
    assert "canary" not in str(caught.value.document())
    path.chmod(0o600)
    assert secret(None, path, key="portals.token_file") == "pat-eu1-canary"


def as_notepad_saves(path: Path) -> Path:
    """The same text with the mark and the line ends of Windows."""
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes().replace(b"\n", b"\r\n"))
    return path


def test_files_saved_on_windows_are_read(tmp_path: Path, folder: Path) -> None:
    """A token with the mark in front would be refused by HubSpot, and nobody would see why."""
    as_notepad_saves(folder / "alfa.toml")
    settings = load(as_notepad_saves(write(tmp_path, FLEET.format(folder=folder))))
    assert [portal.name for portal in settings.portals] == ["main", "alfa", "beta"]
    path = tmp_path / "token"
    path.write_text("pat-eu1-canary\n", "utf-8")
    path.chmod(0o600)
    assert secret(None, as_notepad_saves(path), key="portals.token_file") == "pat-eu1-canary"


def test_a_file_in_another_encoding_says_how_to_save_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(SMALLEST, "utf-16")
    with pytest.raises(ConfigurationError, match="not UTF-8") as caught:
        load(path)
    assert caught.value.next_step.startswith("Save it as UTF-8")


def test_a_missing_secret_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUBSPOT_TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match="HUBSPOT_TOKEN"):
        secret("HUBSPOT_TOKEN", None, key="portals.token_env")


def test_two_portals_need_a_name(tmp_path: Path) -> None:
    second = '[[portals]]\nname = "second"\nportal_id = 7\ntoken_env = "OTHER"\n'
    settings = load(write(tmp_path, SMALLEST + second))
    assert settings.portal("second").portal_id == 7
    with pytest.raises(ConfigurationError, match="Several"):
        settings.portal(None)
    with pytest.raises(ConfigurationError, match=r"No portal"):
        settings.portal("third")


FLEET = SMALLEST + '[fleet]\nportals = "{folder}"\n'
FILE = """portal_id = {number}
token_env = "TOKEN_{number}"
[[purposes]]
key = "newsletter"
subscription_id = 7
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "portals.d"
    made.mkdir()
    for number, name in enumerate(("alfa", "beta"), 1):
        (made / f"{name}.toml").write_text(FILE.format(number=number), "utf-8")
    return made


def test_a_folder_gives_each_portal_its_name_and_purposes_of_its_own(tmp_path: Path, folder: Path) -> None:
    settings = load(write(tmp_path, FLEET.format(folder=folder)))
    assert [portal.name for portal in settings.portals] == ["main", "alfa", "beta"]
    assert [(p.key, p.portal) for p in settings.purposes] == [
        ("newsletter", None),
        ("newsletter", "alfa"),
        ("newsletter", "beta"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("portal_id = ", "cannot be read as TOML", id="no TOML"),
        pytest.param("portal_id = 3\n", "exactly one of token_env and token_file", id="no token"),
        pytest.param(FILE.format(number=1), "portal_id: another portal has it already", id="taken"),
        pytest.param(FILE.format(number=3) + "colour = 1\n", "purposes.0.colour: unknown key", id="unknown"),
    ],
)
def test_a_broken_file_is_named_and_leaves_only_its_own_portal_out(
    tmp_path: Path, folder: Path, text: str, told: str
) -> None:
    (folder / "gamma.toml").write_text(text, "utf-8")
    path = write(tmp_path, FLEET.format(folder=folder))
    settings, broken = load_sound(path)
    assert [portal.name for portal in settings.portals] == ["main", "alfa", "beta"]
    assert [Path(each.where).name for each in broken] == ["gamma.toml"]
    assert told in broken[0].problem
    with pytest.raises(ConfigurationError, match=r"gamma\.toml"):
        load(path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load(write(tmp_path, FLEET.format(folder=tmp_path / "none")))


RECIPIENT = SMALLEST + '[[recipients]]\nname = "Byrån"\n'


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('url = "http://byran.example/x"\nsecret_env = "S"\n', "recipients.0.url"),
        ('url = "https://u:p@byran.example"\nsecret_env = "S"\n', "recipients.0.url"),
        ('url = "https://byran.example"\n', "secret_env and secret_file"),
        ('secret_env = "S"\n', "has a url"),
        ('kind = "mail"\n', "has an address"),
        ('kind = "mail"\naddress = "a@b.se"\nurl = "https://b.se"\n', "and no url"),
        ('url = "https://b.se"\nsecret_env = "S"\npurposes = ["nothing"]\n', "nothing"),
    ],
)
def test_a_recipient_who_cannot_be_reached_safely_is_refused(tmp_path: Path, said: str, told: str) -> None:
    assert told in problem_of(write(tmp_path, RECIPIENT + said))


def test_a_recipient_on_this_machine_may_speak_plain_http(tmp_path: Path) -> None:
    said = 'url = "http://127.0.0.1:9/x"\nsecret_env = "S"\npurposes = ["newsletter"]\n'
    assert load(write(tmp_path, RECIPIENT + said)).recipients[0].kind == "webhook"


@pytest.mark.parametrize(
    "half",
    [
        'journal_client_id = "a"',
        'journal_client_secret_env = "A"',
        'journal_client_id = "a"\njournal_client_secret_env = "A"\njournal_client_secret_file = "a"',
    ],
)
def test_a_journal_has_an_id_and_one_secret(tmp_path: Path, half: str) -> None:
    text = SMALLEST.replace("portal_id = 62515", f"portal_id = 62515\n{half}")
    assert "journal_client_id goes with one of" in problem_of(write(tmp_path, text))
