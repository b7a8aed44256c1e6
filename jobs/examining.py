"""What `doctor` looks at, in the order in which one thing rests on another."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from connector import wiring
from connector.acts.doctor import Probe
from connector.acts.link_property import SCOPE
from connector.errors import ConfigurationError, HubSpotRefused
from connector.hubspot.portal import Portal
from connector.report.smtp import MailServer, reach
from connector.settings import PortalSettings, Settings, load, secret
from connector.store.mirror import Mirror
from connector.wiring import server_of
from jobs import examining_news as news
from jobs.mailing import is_mailed, place_names
from jobs.output import many

CLOCK_LIMIT_MS = 60_000
RESERVED = "consent-mirror-doctor@example.com"  # RFC 2606: nobody's


@dataclass(slots=True)
class Patient:
    """What the probes find on the way and hand on."""

    path: Path
    portal: str | None
    stack: ExitStack
    settings: Settings | None = None
    mirror: Mirror | None = None
    hubspots: dict[str, Portal] = field(default_factory=dict)

    def config(self) -> str | None:
        """The file is readable and every key is right."""
        self.settings = load(self.path)
        return None

    def keys(self) -> str | None:
        """The key file is there, whole, and nobody else's to read."""
        wiring.keys_of(self.known)
        return None

    def database(self) -> str | None:
        """The mirror opens with these keys."""
        self.mirror = self.stack.enter_context(wiring.mirror_of(self.known))
        return None

    @property
    def known(self) -> Settings:
        """The settings, once `config` has found them."""
        assert self.settings is not None  # noqa: S101 - probes that need it name `configuration`
        return self.settings

    @property
    def opened(self) -> Mirror:
        """The mirror, once `database` has opened it."""
        assert self.mirror is not None  # noqa: S101 - probes that need it name `database`
        return self.mirror

    def portals(self) -> list[PortalSettings]:
        """The portals to look at."""
        return [self.known.portal(self.portal)] if self.portal else list(self.known.portals)


def probes(patient: Patient) -> Iterator[Probe]:
    """Lazily: what can be looked at depends on what the configuration says."""
    yield Probe("configuration", patient.config)
    yield Probe("keys", patient.keys, ("configuration",))
    yield Probe("database", patient.database, ("configuration", "keys"))
    if patient.settings is None:
        return
    several = len(patient.portals()) > 1
    for portal in patient.portals():
        yield from _of_portal(patient, portal, f" {portal.name}" if several else "")
    yield Probe("mail", lambda: _mail(patient.known), ("configuration",))
    yield Probe("recipients", lambda: _recipients(patient.known), ("configuration",))
    yield Probe("checkpoint places", lambda: _places(patient.known), ("configuration",))


def _places(settings: Settings) -> str | None:
    """Every place of checkpoints can be reached; nothing is written there."""
    said, names = settings.checkpoint, place_names(settings)
    if not names:
        return "none: nobody can tell when the end of the log is cut off; see [checkpoint]"
    for key, folder in (("folder", said.folder), ("git", said.git)):
        if folder is not None and not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise ConfigurationError(
                "This folder does not exist or cannot be written to.",
                where=f"checkpoint.{key}",
                next_step="Make it, or name another one.",
            )
    if said.git is not None and not (said.git / ".git").exists():
        raise ConfigurationError(
            "This folder is no git repository.",
            where="checkpoint.git",
            next_step="Clone the repository there.",
        )
    if said.mail and not all(is_mailed(settings, portal.name) for portal in settings.portals):
        raise ConfigurationError(
            "Checkpoints are to be mailed, and the report has no mail path.",
            where="checkpoint.mail",
            next_step="Set to, from and smtp_host in [report].",
        )
    return ", ".join(names)


def _recipients(settings: Settings) -> str | None:
    """Each one can be told (Art. 19): its secret is there, or a mail server is. Nobody is asked anything."""
    for each in settings.recipients:
        if each.kind == "webhook":
            secret(each.secret_env, each.secret_file, key=f"recipients.{each.name}.secret")
        elif server_of(settings) is None:
            raise ConfigurationError(
                "A recipient is to be told by mail, and there is no mail server.",
                where=f"recipients.{each.name}",
                next_step="Set from and smtp_host in [report], or give it a webhook.",
            )
    return ", ".join(each.name for each in settings.recipients) or "none: nobody but HubSpot gets data"


def _of_portal(patient: Patient, portal: PortalSettings, tail: str) -> Iterator[Probe]:
    token, account = f"token{tail}", f"portal id{tail}"
    yield Probe(token, lambda: _token(portal))
    yield Probe(account, lambda: _account(patient, portal), (token,))
    yield Probe(f"scopes{tail}", lambda: _scopes(patient, portal), (token, account))
    yield Probe(f"subscription types{tail}", lambda: _types(patient, portal), (token, account))
    if patient.known.web.link_property is not None:
        yield Probe(f"link property{tail}", lambda: _link_property(patient, portal), (token, account))
    yield Probe(f"capabilities{tail}", lambda: _capabilities(patient, portal), (token, account))
    yield Probe(f"clock{tail}", lambda: _clock(patient, portal), (token, account))
    yield from _news(patient, portal, tail)


def _news(patient: Patient, portal: PortalSettings, tail: str) -> Iterator[Probe]:
    """How HubSpot tells us of changes, where it is to."""
    if portal.webhook_secret_env or portal.webhook_secret_file:
        yield Probe(f"webhooks{tail}", lambda: news.webhooks(patient.known, portal), ("configuration",))
    if portal.journal_client_id:
        yield Probe(f"journal{tail}", lambda: news.journal(portal, patient.opened), ("database",))


def _token(portal: PortalSettings) -> str | None:
    wiring.token_of(portal)
    return None


def _hubspot(patient: Patient, portal: PortalSettings) -> Portal:
    if portal.name not in patient.hubspots:
        looking = wiring.looking(patient.known, portal)
        patient.hubspots[portal.name] = patient.stack.enter_context(looking)
    return patient.hubspots[portal.name]


def _account(patient: Patient, portal: PortalSettings) -> str | None:
    account = _hubspot(patient, portal).details()
    wiring.check_pin(portal, account.portal_id)
    return f"{account.portal_id}, {account.account_type}, {account.time_zone}"


def _scopes(patient: Patient, portal: PortalSettings) -> str | None:
    """The three scopes that everything rests on, each by a harmless read."""
    hubspot = _hubspot(patient, portal)
    lacking: set[str] = set()
    looks: tuple[Callable[[], object], ...] = (
        lambda: hubspot.contacts_page(None),
        lambda: hubspot.missing_properties(()),
        lambda: hubspot.preferences(RESERVED),
    )
    for look in looks:
        try:
            look()
        except HubSpotRefused as error:
            if not error.scopes:
                raise
            lacking |= set(error.scopes)
    if lacking:
        raise ConfigurationError(
            f"The token lacks the scopes {', '.join(sorted(lacking))}.",
            where=f"portals.{portal.name}",
            next_step="Add them to the service key in HubSpot: Settings, Integrations, Service keys.",
        )
    return None


def _types(patient: Patient, portal: PortalSettings) -> str | None:
    """Each purpose's subscription type exists, and its property is there to be read (HQ 14)."""
    hubspot, purposes = _hubspot(patient, portal), wiring.purposes_of(patient.known, portal)
    known = {definition.id for definition in hubspot.definitions()}
    unknown = [p.key for p in purposes if p.subscription_id not in known]
    missing = hubspot.missing_properties(purposes.subscription_ids)
    if unknown or missing:
        raise ConfigurationError(
            f"HubSpot does not have the subscription type of {', '.join(unknown) or ', '.join(missing)}.",
            where="purposes.subscription_id",
            next_step=f"HubSpot has: {', '.join(str(number) for number in sorted(known))}.",
        )
    unmapped = known - set(purposes.subscription_ids)
    return f"{many(len(unmapped), 'type')} without a purpose" if unmapped else None


def _link_property(patient: Patient, portal: PortalSettings) -> str | None:
    """The property of people's links takes a text. Nothing is made: whether it may be shows then."""
    web = patient.known.web
    if web.link_property is None or web.public_url is None:
        raise ConfigurationError(
            "People's links are to be written to HubSpot, and there is no address for them.",
            where="web.public_url",
            next_step="Set it, or take link_property away.",
        )
    fits = _hubspot(patient, portal).holds_text(web.link_property)
    if fits is False:
        raise ConfigurationError(
            "HubSpot has this property, and it is no text of your own.",
            where="web.link_property",
            next_step="Take another name.",
        )
    return None if fits else f"not in HubSpot yet: it is made by the job, with the scope {SCOPE}"


def _capabilities(patient: Patient, portal: PortalSettings) -> str | None:
    found = _hubspot(patient, portal).capabilities()
    words = {
        "statuses in batches": found.batch_statuses,
        "forms": found.forms,
        "timeline": found.timeline,
        "audit log": found.audit,
    }
    return ", ".join(f"{name}: {'yes' if has else 'no'}" for name, has in words.items())


def _clock(patient: Patient, portal: PortalSettings) -> str | None:
    """HubSpot's clock and ours: a wrong one would make a tie of every yes and no."""
    hubspot = _hubspot(patient, portal)
    hubspot.details()
    skew = hubspot.clock_skew_ms()
    if skew is not None and abs(skew) > CLOCK_LIMIT_MS:
        raise ConfigurationError(
            f"This machine's clock differs from HubSpot's by {abs(skew) // 1000} s.",
            where="clock",
            next_step="Turn on NTP (timedatectl set-ntp true).",
        )
    return None if skew is None else f"within {max(1, abs(skew) // 1000)} s of HubSpot's"


def _mail(settings: Settings) -> str | None:
    mailed = any(is_mailed(settings, portal.name) for portal in settings.portals)
    server: MailServer | None = server_of(settings) if mailed else None
    if server is None:
        return "no mail configured: the report is made and not sent"
    reach(server, wiring.tools().clock)
    return None
