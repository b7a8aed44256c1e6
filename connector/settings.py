"""The configuration: one TOML file, typed; every problem is reported at once, with what is allowed.

Every field is documented in `config.example.toml`; a test compares the two. Secrets are never in the file:
`*_env` names a variable and `*_file` a file that only its owner may read.
"""

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyAddress,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from connector.consent import retention
from connector.consent.events import Basis
from connector.errors import ConfigurationError
from connector.small_files import read_small

DURATION = re.compile(r"^(\d+)\s*(s|m|h|d)$")
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LOCAL_TIME = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
HEADER = re.compile(r"^[A-Za-z][A-Za-z0-9-]{0,63}$")
LARGEST = 2**53 - 1  # what JSON and every database keep exactly
URL_WITH_PASSWORD = re.compile(r"^[a-z0-9+]+://[^/@]*:[^/@]+@|.*[?&]password=")
VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")
SLUG = re.compile(r"^[a-z][a-z0-9_-]{0,62}$")


def _variable(value: str) -> str:
    if not VARIABLE.match(value):
        raise ValueError("the name of a variable, never the secret itself")
    return value


def _seconds(value: object) -> int:
    match = DURATION.match(value) if isinstance(value, str) else None
    if not match or int(match[1]) == 0:
        raise ValueError('a duration like "30s", "5m", "24h" or "7d"')
    return int(match[1]) * SECONDS[match[2]]


def _local_time(value: str) -> str:
    if not LOCAL_TIME.match(value):
        raise ValueError('a local time like "06:00"')
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError('a time zone name like "Europe/Stockholm"')
    return value


def _slug(value: str) -> str:
    if not SLUG.match(value):
        raise ValueError("lower-case letters, digits, - and _, starting with a letter")
    return value


def _host(value: str) -> str:
    """https to HubSpot's hosts; http only to this machine (threat 10 of consent-domain 9)."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    local = host in LOOPBACK
    known = host == "api.hubapi.com" or host.endswith(".hubapi.com")
    if not ((parts.scheme == "https" and known) or (parts.scheme in {"http", "https"} and local)):
        raise ValueError("https://api.hubapi.com or another *.hubapi.com host (http only on loopback)")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise ValueError("only scheme, host and port")
    return value.rstrip("/")


def _listen(value: str) -> str:
    """An address of this machine, or nothing."""
    host, colon, port = value.rpartition(":")
    if value and not (colon and host and port.isdecimal() and int(port) <= 65_535):
        raise ValueError('host and port, like "127.0.0.1:8080", or empty: no web part')
    return value


def _public_url(value: str) -> str:
    """https to the world; http only on this machine."""
    parts = urlsplit(value)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("an https address (http only on loopback)")
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("only scheme, host, port and path")
    return value.rstrip("/")


def _retain(value: str) -> str:
    try:
        retention.parse(value)
    except ValueError as error:
        raise ValueError(f'{error} (like "24 months after last_activity" or "until withdrawn")') from None
    return value


def _proof_time(value: str) -> str:
    try:
        retention.parse(f"{value} after withdrawn")
    except ValueError:
        raise ValueError('a time like "24 months"') from None
    return value


def _header(value: str) -> str:
    if not HEADER.match(value):
        raise ValueError('a header\'s name like "X-Forwarded-Preferred-Username"')
    return value.lower()


def _titles(value: object) -> object:
    return {"sv": value, "en": value} if isinstance(value, str) else value


Duration = Annotated[int, BeforeValidator(_seconds)]
Variable = Annotated[str, AfterValidator(_variable)]
LocalTime = Annotated[str, AfterValidator(_local_time)]
Zone = Annotated[str, AfterValidator(_zone)]
Slug = Annotated[str, AfterValidator(_slug)]
Retain = Annotated[str, AfterValidator(_retain)]
ProofTime = Annotated[str, AfterValidator(_proof_time)]
ApiHost = Annotated[str, AfterValidator(_host)]
Listen = Annotated[str, AfterValidator(_listen)]
HeaderName = Annotated[str, AfterValidator(_header)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
#: A contact property of our own: under any other name it might hold somebody's data, and be overwritten.
PropertyName = Annotated[str, StringConstraints(pattern=r"^consent_mirror_[a-z0-9_]{1,80}$")]
Titles = Annotated[dict[Literal["sv", "en"], str], BeforeValidator(_titles)]
Auto = Literal["auto"]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class MirrorSettings(Section):
    """Where the mirror and its keys live."""

    database: str = "sqlite:///mirror.db"
    keys: Path = Path("mirror.keys")


class ControllerSettings(Section):
    """Who decides the purposes (Art. 4(7)): shown to people."""

    name: str = Field(min_length=1)
    contact: str = Field(min_length=3)
    languages: tuple[Literal["sv", "en"], ...] = ("sv", "en")
    time_zone: Zone = "Europe/Stockholm"

    @property
    def zone(self) -> ZoneInfo:
        """The zone of local days and of the timetable."""
        return ZoneInfo(self.time_zone)


class PortalSettings(Section):
    """One HubSpot portal. `portal_id` is pinned: another portal's token is refused."""

    name: Slug = "main"
    portal_id: int = Field(gt=0)
    token_env: Variable | None = None
    token_file: Path | None = None
    api: ApiHost = "https://api.hubapi.com"
    calls_per_10_s: Auto | Annotated[int, Field(ge=5, le=10_000)] = "auto"
    search_per_s: int = Field(default=4, ge=1, le=100)
    calls_per_day: Auto | Annotated[int, Field(ge=100)] = "auto"
    #: Single status reads per day where the plan has no batches: one call a person (HA 8.4).
    statuses_per_day: int = Field(default=25_000, ge=0)
    #: HubSpot `source` texts that were proven to mean "the person did it", beside the built-in ones.
    subject_sources: tuple[str, ...] = ()
    #: Somebody erased who turns up in HubSpot again is erased there again (row 34), within the breaker.
    erase_again: bool = False
    #: The client secret of the app that sends us webhooks and signs them.
    webhook_secret_env: Variable | None = None
    webhook_secret_file: Path | None = None
    #: The app whose pull journal is read, where no webhook can reach us.
    journal_client_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    journal_client_secret_env: Variable | None = None
    journal_client_secret_file: Path | None = None
    journal_scope: str = "developer.webhooks_journal.read crm.objects.contacts.read"
    to: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_token(self) -> "PortalSettings":
        if (self.token_env is None) == (self.token_file is None):
            raise ValueError("exactly one of token_env and token_file")
        return self

    @model_validator(mode="after")
    def _whole_journal(self) -> "PortalSettings":
        secrets = (self.journal_client_secret_env, self.journal_client_secret_file)
        if sum(each is not None for each in secrets) != (self.journal_client_id is not None):
            raise ValueError("journal_client_id goes with one of journal_client_secret_env and _file")
        return self


class PurposeSettings(Section):
    """One purpose: the unit of consent, one HubSpot subscription type."""

    key: Slug
    title: Titles = Field(default_factory=dict)
    subscription_id: int = Field(gt=0)
    basis: Basis = Basis.CONSENT
    marketing: bool = True
    double_opt_in: bool = False
    retain: Retain = "until withdrawn"
    portal: str | None = None  # only for this portal; otherwise for every portal
    push_soft_optin: bool = False
    #: For the record of processing (Art. 30(1)(c)): whose data, and which.
    subjects: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    #: Contact properties that this purpose uses; the inventory shows those that no purpose does.
    properties: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _lawful(self) -> "PurposeSettings":
        if self.marketing and self.basis not in {Basis.CONSENT, Basis.SOFT_OPTIN}:
            raise ValueError("a marketing purpose has the basis consent or soft_optin (ePrivacy 13)")
        return self


class ScheduleSettings(Section):
    """How often the daemon works; local times follow controller.time_zone."""

    pull: Duration = 300
    push: Duration = 30
    journal: Duration = 30
    mail: Duration = 60
    sweep: LocalTime = "02:00"
    forms: Duration = 3_600
    retention: LocalTime = "03:00"
    lists: Duration = 3_600
    links: LocalTime = "04:00"
    watch: LocalTime = "05:00"
    report: LocalTime = "06:00"
    checkpoint: Duration = 86_400


class ReportSettings(Section):
    """The nightly mail."""

    to: tuple[str, ...] = ()
    from_: str | None = Field(default=None, alias="from")
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_security: Literal["tls", "starttls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password_env: Variable | None = None
    smtp_password_file: Path | None = None
    smtp_ca_file: Path | None = None

    @model_validator(mode="after")
    def _plain_only_here(self) -> "ReportSettings":
        if self.smtp_security == "none" and self.smtp_host and self.smtp_host not in LOOPBACK:
            raise ValueError('smtp_security = "none" is allowed on loopback only')
        return self


def _told_at(value: str) -> str:
    """https; http only to this machine. The recipient is reached there and nowhere else."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)):
        raise ValueError("an address that begins with https:// (http only on loopback)")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("no user, password or fragment; the secret has a key of its own")
    return value


class RecipientSettings(Section):
    """Somebody who gets data from the controller, and is told of erasure, rectification, restriction."""

    name: str = Field(min_length=1, max_length=100)
    kind: Literal["webhook", "mail"] = "webhook"
    url: Annotated[str, AfterValidator(_told_at)] | None = None
    secret_env: Variable | None = None
    secret_file: Path | None = None
    address: str | None = None
    role: Literal["processor", "controller"] = "processor"
    purposes: tuple[str, ...] = ()
    country: str = ""
    transfer: str = ""

    @model_validator(mode="after")
    def _reachable(self) -> "RecipientSettings":
        if self.kind == "webhook" and (self.url is None or self.address is not None):
            raise ValueError('kind = "webhook" has a url and no address')
        if self.kind == "webhook" and (self.secret_env is None) == (self.secret_file is None):
            raise ValueError("exactly one of secret_env and secret_file")
        if self.kind == "mail" and (self.address is None or self.url is not None):
            raise ValueError('kind = "mail" has an address and no url')
        return self


class BreakerSettings(Section):
    """When a machine stops and a person looks (consent-domain 9, threats 5 and 6)."""

    erasures: int = Field(default=3, ge=0)
    subscribes: int = Field(default=20, ge=0)
    vanished: float = Field(default=0.05, gt=0, le=1)
    share: float = Field(default=0.01, ge=0, le=1)


class ProcessingSettings(Section):
    """What only the controller can say for its record of processing and its assessment (Art. 30, 35)."""

    dpo: str = ""
    representative: str = ""
    joint_controllers: tuple[str, ...] = ()
    processor_agreement: str = ""
    third_countries: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    assessed: str = ""
    residual_risk: str = ""
    views: str = ""


class AccessSettings(Section):
    """Who can reach the register: when somebody has to look again."""

    dormant: Duration = 90 * 86_400
    review: Duration = 365 * 86_400


class ExportSettings(Section):
    """Files with personal data that we write: every one has a day on which it is to be gone."""

    keep: Duration = 30 * 86_400


class NoticeSettings(Section):
    """What people whose data came from elsewhere are told (Art. 14), and when that is too late."""

    sv: Path | None = None
    en: Path | None = None
    #: HubSpot's record sources of people who were told at once, beside forms and the like.
    own_sources: tuple[str, ...] = ()
    block_overdue: bool = False


class CheckpointSettings(Section):
    """Where signed checkpoints go, so that a log that is cut off or written anew is found out."""

    folder: Path | None = None
    git: Path | None = None
    mail: bool = False
    #: Also after each reading that added entries (folder and git; a mail goes out once a day).
    after_sync: bool = True


class RetentionSettings(Section):
    """What keeps somebody in the register beside the rule of each purpose."""

    #: HubSpot properties with a date that tell of the person's own activity; each has to exist in the portal.
    activity: tuple[str, ...] = (
        "recent_conversion_date",
        "hs_email_last_open_date",
        "hs_email_last_click_date",
        "hs_analytics_last_timestamp",
        "notes_last_contacted",
    )
    proof_after_no: ProofTime = "24 months"
    motive: str = Field(
        default="A dispute about mailings that were sent before the no (Art. 5(2), 7(1), 17(3)(e) GDPR).",
        min_length=10,
    )
    #: Calls of 100 records that one run may spend on reading dates anew.
    calls: int = Field(default=100, ge=1)

    @property
    def policy(self) -> retention.Policy:
        """The same for the heart."""
        proof = retention.parse(f"{self.proof_after_no} after withdrawn")
        return retention.Policy(activity=self.activity, proof=proof, motive=self.motive)


class WebSettings(Section):
    """The web part. Without the section, or with an empty `listen`, there is none."""

    listen: Listen = ""
    #: As people and HubSpot reach us; what links and signatures are made with (never taken from a request).
    public_url: PublicUrl | None = None
    #: The contact property that each person's link is written into; None: nothing is written.
    link_property: PropertyName | None = None
    #: The dashboard for the controller's own staff, under /dashboard.
    dashboard: bool = True
    #: Single sign-on: the header in which a proxy names the user; only from these addresses.
    sign_in_header: HeaderName | None = None
    sign_in_peers: tuple[IPvAnyAddress, ...] = ()
    #: A reverse proxy of ours stands before: the caller is the last address of X-Forwarded-For.
    behind_proxy: bool = False

    @model_validator(mode="after")
    def _named_peers(self) -> "WebSettings":
        if self.sign_in_header is not None and not self.sign_in_peers:
            raise ValueError("sign_in_header needs sign_in_peers: the addresses of the proxy that sets it")
        return self


class FleetSettings(Section):
    """Many portals on several workers (PostgreSQL only)."""

    #: A folder with one file a portal: the keys of one `[[portals]]` table, and `[[purposes]]` of its own.
    portals: Path | None = None
    short_turns: int = Field(default=4, ge=1, le=64)
    long_turns: int = Field(default=2, ge=1, le=64)


class PortalFile(PortalSettings):
    """One file of the folder `fleet.portals`."""

    purposes: tuple[PurposeSettings, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> "PortalFile":
        for what in ("key", "subscription_id"):
            values = [getattr(purpose, what) for purpose in self.purposes]
            if len(values) != len(set(values)):
                raise ValueError(f"purposes.{what}: each value once")
        return self


class HealthSettings(Section):
    """The operator's part: its own listener, and a ping that is missed when we are dead (reliability 7)."""

    listen: Listen = ""
    ping_url_env: Variable | None = None
    ping_url_file: Path | None = None


class Settings(BaseSettings):
    """The whole file, environment overrides applied."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        env_prefix="CONSENT_MIRROR__",
        env_nested_delimiter="__",
    )

    mirror: MirrorSettings = MirrorSettings()
    controller: ControllerSettings
    portals: tuple[PortalSettings, ...] = Field(min_length=1)
    purposes: tuple[PurposeSettings, ...] = Field(min_length=1)
    recipients: tuple[RecipientSettings, ...] = ()
    schedule: ScheduleSettings = ScheduleSettings()
    report: ReportSettings = ReportSettings()
    breaker: BreakerSettings = BreakerSettings()
    exports: ExportSettings = ExportSettings()
    notices: NoticeSettings = NoticeSettings()
    checkpoint: CheckpointSettings = CheckpointSettings()
    retention: RetentionSettings = RetentionSettings()
    access: AccessSettings = AccessSettings()
    processing: ProcessingSettings = ProcessingSettings()
    web: WebSettings = WebSettings()
    fleet: FleetSettings = FleetSettings()
    health: HealthSettings = HealthSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the file."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _no_doubles(self) -> "Settings":
        for what, values in (
            ("portals.name", [portal.name for portal in self.portals]),
            ("portals.portal_id", [portal.portal_id for portal in self.portals]),
            ("recipients.name", [recipient.name for recipient in self.recipients]),
            ("purposes.key", [(purpose.portal, purpose.key) for purpose in self.purposes]),
            ("purposes.subscription_id", [(p.portal, p.subscription_id) for p in self.purposes]),
        ):
            if len(values) != len(set(values)):
                raise ValueError(f"{what}: each value once")
        known = {purpose.key for purpose in self.purposes}
        if self.fleet.portals is None and (
            wrong := {key for each in self.recipients for key in each.purposes} - known
        ):
            raise ValueError(f"recipients.purposes: no purpose has the key {', '.join(sorted(wrong))}")
        return self

    def uses_of(self, portal: str) -> dict[str, tuple[str, ...]]:
        """Contact property -> the purposes of this portal that use it."""
        used: dict[str, tuple[str, ...]] = {}
        for purpose in self.purposes:
            if purpose.portal in {None, portal}:
                for name in purpose.properties:
                    used[name] = (*used.get(name, ()), purpose.key)
        return used

    def portal(self, name: str | None) -> PortalSettings:
        """The portal of that name; the only one without a name. ConfigurationError otherwise."""
        if name is None and len(self.portals) == 1:
            return self.portals[0]
        for portal in self.portals:
            if portal.name == name:
                return portal
        names = ", ".join(portal.name for portal in self.portals)
        problem = "Several portals are configured." if name is None else f"No portal is named {name!r}."
        raise ConfigurationError(problem, where="--portal", next_step=f"Say --portal with one of: {names}.")


def load(path: Path) -> Settings:
    """Read and check the file, and the folder of portals that it names.

    Raises ConfigurationError with all problems at once: file, key, what is allowed; never a value.
    """
    settings, broken = load_sound(path)
    if broken:
        raise _together(broken)
    return settings


def load_sound(path: Path) -> tuple[Settings, tuple[ConfigurationError, ...]]:
    """The same, but a broken file in the folder of portals leaves only that portal out: an agency's other
    portals go on. Returned beside the settings: what is wrong with which file."""
    data = _parsed(path)
    _fit(data, path)
    _no_password(data, path)
    folder = _folder(data)
    if folder is None:
        return _checked(data, path), ()
    portals = [each for each in data.get("portals", ()) if isinstance(each, dict)]
    taken = {(key, each.get(key)) for each in portals for key in _OWN}
    sound, broken = _portal_files(folder, taken)
    data["portals"] = [*portals, *(each["portal"] for each in sound)]
    data["purposes"] = [*data.get("purposes", ()), *(one for each in sound for one in each["purposes"])]
    return _checked(data, path), broken


_OWN = ("name", "portal_id")  # no two portals share them


def _folder(data: Mapping[str, Any]) -> Path | None:
    fleet = data.get("fleet")
    said = os.environ.get("CONSENT_MIRROR__FLEET__PORTALS") or (
        fleet.get("portals") if isinstance(fleet, dict) else None
    )
    return Path(said) if isinstance(said, str) else None


def _fit(data: Mapping[str, Any], path: Path) -> None:
    """No text that steers a terminal or breaks a header, no number that no database holds."""
    problems = "; ".join(sorted(_unfit(data, "")))
    if problems:
        raise ConfigurationError(problems, where=str(path), next_step="Correct the keys named.")


def _unfit(value: object, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _unfit(each, f"{key}.{_shown(name)}".removeprefix("."))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _unfit(each, f"{key}.{number}")
    elif isinstance(value, str) and any(ord(each) < 32 and each not in "\t\n" for each in value):
        yield f"{key}: control characters"
    elif isinstance(value, int) and abs(value) > LARGEST:
        yield f"{key}: too large a number"


def _shown(name: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in name)[:60]


def _no_password(data: Mapping[str, Any], path: Path) -> None:
    """A file that is copied and mailed about holds no password, not inside of a URL either."""
    mirror = data.get("mirror")
    url = mirror.get("database") if isinstance(mirror, dict) else None
    if isinstance(url, str) and URL_WITH_PASSWORD.match(url):
        raise ConfigurationError(
            "mirror.database: a password does not belong into this file",
            where=str(path),
            next_step="Put it into ~/.pgpass, or the whole URL into CONSENT_MIRROR__MIRROR__DATABASE.",
        )


def _portal_files(
    folder: Path, taken: set[tuple[str, Any]]
) -> tuple[list[dict[str, Any]], tuple[ConfigurationError, ...]]:
    if not folder.is_dir():
        raise ConfigurationError(
            "This folder does not exist.", where=f"fleet.portals ({folder})", next_step="Make the folder."
        )
    sound, broken = [], []
    for path in sorted(folder.glob("*.toml")):
        try:
            sound.append(_portal_file(path, taken))
        except ConfigurationError as error:
            broken.append(error)
    return sound, tuple(broken)


def _portal_file(path: Path, taken: set[tuple[str, Any]]) -> dict[str, Any]:
    data = {"name": path.stem, **_parsed(path)}
    _fit(data, path)
    try:
        PortalFile(**data)
    except ValidationError as error:
        raise _invalid(error, path) from None
    mine = {(key, data[key]) for key in _OWN}
    if mine & taken:
        keys = " and ".join(sorted(key for key, _ in mine & taken))
        raise ConfigurationError(
            f"{keys}: another portal has it already", where=str(path), next_step="Give each portal its own."
        )
    taken |= mine
    purposes = data.pop("purposes", [])
    return {"portal": data, "purposes": [{**each, "portal": data["name"]} for each in purposes]}


def _together(broken: tuple[ConfigurationError, ...]) -> ConfigurationError:
    problems = "; ".join(f"{Path(each.where).name}: {each.problem}" for each in broken)
    return ConfigurationError(
        problems, where=str(Path(broken[0].where).parent), next_step="Mend the files named."
    )


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_small(path)[0].decode("utf-8").replace("\r\n", "\n"))
    except FileNotFoundError:
        raise ConfigurationError(
            "There is no configuration file.",
            where=str(path),
            next_step="Run `consent-mirror init`, or say --config FILE.",
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        saved = "Save it as UTF-8" if isinstance(error, UnicodeDecodeError) else "Mend the line"
        raise ConfigurationError(
            f"The file cannot be read as TOML: {_without_values(error)}.",
            where=str(path),
            next_step=f"{saved}, or compare with config.example.toml.",
        ) from None


def _without_values(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "unreadable"
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start + 1})"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _checked(data: dict[str, Any], path: Path) -> Settings:
    try:
        return Settings(**data)
    except ValidationError as error:
        raise _invalid(error, path) from None


def _invalid(error: ValidationError, path: Path) -> ConfigurationError:
    found = [dict(each) for each in error.errors(include_input=False)]
    problems = sorted(_problem(each) for each in found if not _follows(each, found))
    return ConfigurationError(
        "; ".join(problems),
        where=str(path),
        next_step="Correct the keys named; config.example.toml documents each one.",
    )


def _follows(error: Mapping[str, Any], found: Iterable[Mapping[str, Any]]) -> bool:
    """A table that counts as missing only because something in it is wrong, which is told anyway."""
    place = error["loc"]
    return error["type"] == "too_short" and any(
        len(each["loc"]) > len(place) and each["loc"][: len(place)] == place for each in found
    )


def _problem(error: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in error["loc"]) or "file"
    if error["type"] == "extra_forbidden":
        return f"{key}: unknown key"
    if error["type"] == "missing":
        return f"{key}: missing"
    if error["type"] == "too_short":
        return f"{key}: at least one is needed"
    return f"{key}: {error['msg'].removeprefix('Value error, ')}"


def secret(env: str | None, file: Path | None, *, key: str) -> str | None:
    """A secret by its variable or file; None when neither is named.

    Raises ConfigurationError when it is named and missing, empty, or readable by others.
    """
    if env is not None:
        return _from_environment(env, key)
    return _from_file(file, key) if file is not None else None


def _from_environment(name: str, key: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ConfigurationError(
            f"The variable {name} is not set.", where=key, next_step=f"Set {name}, or name a file instead."
        )
    return value


def _from_file(path: Path, key: str) -> str:
    try:
        data, mode = read_small(path)
        value = data.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"The file {path.name} is no UTF-8 text.", where=key, next_step="Put the secret in, on one line."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"The file {path.name} cannot be read: {error.strerror}.",
            where=key,
            next_step="Create it with the secret on one line and mode 0600.",
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(
            f"The file {path.name} can be read by others.", where=key, next_step=f"chmod 600 {path.name}"
        )
    if not value:
        raise ConfigurationError(f"The file {path.name} is empty.", where=key, next_step="Put the secret in.")
    return value
