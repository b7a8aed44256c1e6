"""The only place that builds things: from settings to mirrors, portals and desks."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from tempfile import TemporaryDirectory

from connector.acts.desk import Controller, Desk
from connector.acts.ports import Recipient
from connector.clock import Chance, Clock, SystemChance, SystemClock
from connector.consent.breaker import Limits
from connector.consent.retention import properties
from connector.errors import ConfigurationError
from connector.hubspot.journal import Journal as PullJournal
from connector.hubspot.portal import Portal
from connector.hubspot.token import TokenSource
from connector.hubspot.transport import Transport
from connector.logs import remember_secret
from connector.proof import keys as keyring
from connector.proof.keys import Keys
from connector.proof.links import Signer
from connector.recipients.directory import Directory, Way
from connector.recipients.letter import Letter
from connector.recipients.webhook import Webhook
from connector.report.smtp import MailServer
from connector.settings import (
    MirrorSettings,
    PortalSettings,
    PurposeSettings,
    RecipientSettings,
    Settings,
    secret,
)
from connector.store import schema
from connector.store.budget import Day, day_of
from connector.store.engine import Database, parse, sqlite_path
from connector.store.journal import Journal
from connector.store.mirror import Mirror
from connector.store.pace import Pace, Slate, open_pace, open_slate
from mappings.purposes import Purpose, Purposes
from mappings.sources import subject_texts

POOL = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the world gives us; replaced in tests and in the simulation."""

    clock: Clock
    chance: Chance
    stop: threading.Event | None = None
    slate: Slate | None = None  # where the limits of many portals stand together (a fleet's worker)


def tools() -> Tools:
    """The machine's own clock and randomness."""
    return Tools(clock=SystemClock(), chance=SystemChance())


@contextmanager
def lasting(settings: Settings, stop: threading.Event) -> Iterator[Tools]:
    """For a process that is at many portals until `stop`: their limits stand in one place, so that it holds a
    few connections to PostgreSQL, and not a few for each portal."""
    given = tools()
    slate = open_slate(settings.mirror.database)
    try:
        yield replace(given, stop=stop, slate=slate)
    finally:
        slate.close()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `init` had to make."""

    keys: bool
    database: bool


def prepare(settings: Settings, given: Tools | None = None) -> Prepared:
    """Make keys and mirror where they are missing; check and keep what exists."""
    at_hand = given or tools()
    made_mirror = _is_missing(settings)
    made_keys = made_mirror and not settings.mirror.keys.exists() and keyring.VARIABLE not in os.environ
    if made_keys:  # never beside a mirror that exists: new keys would not open it
        keyring.save(settings.mirror.keys, keyring.generate(at_hand.chance))
    keys = keys_of(settings)
    journal = journal_of(settings, keys, at_hand.chance)
    Mirror.create(settings.mirror.database, keys, at_hand.clock, at_hand.chance, journal).close()
    return Prepared(made_keys, made_mirror)


def _is_missing(settings: Settings) -> bool:
    database = Database(parse(settings.mirror.database))
    if database.path is not None and not database.path.exists():
        return True
    try:
        with database.begin(database.reader) as connection:
            return schema.version(connection) is None
    finally:
        database.close()


def keys_of(settings: Settings) -> Keys:
    """The keys. Raises ConfigurationError that says what is lost without them."""
    return keyring.load(settings.mirror.keys, os.environ)


def journal_of(settings: Settings, keys: Keys, chance: Chance) -> Journal:
    """The journal of noes and erasures, beside the keys and away from the database (design 3)."""
    database = parse(settings.mirror.database)
    path = sqlite_path(database)
    name = path.name if path is not None else f"{database.database}.db"
    return Journal(settings.mirror.keys.parent / f"{name}.journal", keys.master, chance)


@contextmanager
def mirror_of(settings: Settings, given: Tools | None = None, *, guards: bool = True) -> Iterator[Mirror]:
    """The mirror, opened with its keys and closed again; `guards` as `Mirror.open` has it."""
    at_hand = given or tools()
    keys = keys_of(settings)
    journal = journal_of(settings, keys, at_hand.chance)
    mirror = Mirror.open(
        settings.mirror.database, keys, at_hand.clock, at_hand.chance, journal, guards=guards
    )
    try:
        yield mirror
    finally:
        mirror.close()


def token_of(portal: PortalSettings) -> str:
    """The portal's token. Raises ConfigurationError naming the variable or file."""
    key = f"portals.{portal.name}.token_{'env' if portal.token_env else 'file'}"
    found = secret(portal.token_env, portal.token_file, key=key)
    assert found is not None  # noqa: S101 - settings demand exactly one of the two
    return found


def purposes_of(settings: Settings, portal: PortalSettings) -> Purposes:
    """The purposes that belong to a portal; its own stand in the place of a general one of the same name or
    subscription type."""
    own = [each for each in settings.purposes if each.portal == portal.name]
    taken = {each.key for each in own} | {each.subscription_id for each in own}
    general = [p for p in settings.purposes if p.portal is None and not {p.key, p.subscription_id} & taken]
    return Purposes(_purpose(purpose) for purpose in (*general, *own))


def _purpose(said: PurposeSettings) -> Purpose:
    return Purpose(
        key=said.key,
        subscription_id=said.subscription_id,
        basis=said.basis,
        marketing=said.marketing,
        title={str(language): text for language, text in said.title.items()},
        double_opt_in=said.double_opt_in,
        retain=said.retain,
        push_soft_optin=said.push_soft_optin,
    )


def controller_of(settings: Settings) -> Controller:
    """Whom people deal with."""
    said = settings.controller
    return Controller(name=said.name, contact=said.contact, languages=tuple(said.languages))


def limits_of(settings: Settings) -> Limits:
    """The breaker's numbers."""
    said = settings.breaker
    return Limits(
        erasures=said.erasures, subscribes=said.subscribes, vanished=said.vanished, share=said.share
    )


def calls_of(settings: Settings, portal: PortalSettings, given: Tools | None = None) -> Day:
    """How many calls this portal's day has seen, ours by all processes; nothing is asked."""
    at_hand = given or tools()
    pace = _pace(settings, portal, at_hand)
    try:
        return day_of(pace.spent(), pace.rules, at_hand.clock.now())
    finally:
        if at_hand.slate is None:
            pace.close()


def _pace(settings: Settings, portal: PortalSettings, at_hand: Tools) -> Pace:
    return open_pace(
        settings.mirror.database,
        portal.portal_id,
        at_hand.clock,
        calls_per_10_s=portal.calls_per_10_s,
        search_per_s=portal.search_per_s,
        calls_per_day=portal.calls_per_day,
        zone=settings.controller.zone,
        slate=at_hand.slate,
        evenly=True,
    )


def portal_of(settings: Settings, portal: PortalSettings, given: Tools | None = None) -> Portal:
    """One HubSpot portal behind the shared limiter; nothing is asked yet."""
    at_hand = given or tools()
    pace = _pace(settings, portal, at_hand)
    transport = Transport(
        portal.api,
        TokenSource(partial(token_of, portal)),
        pace=pace,
        clock=at_hand.clock,
        chance=at_hand.chance,
        pool_size=POOL,
        stop=at_hand.stop,
    )
    purposes = purposes_of(settings, portal)
    dates = properties((purpose.retain for purpose in purposes), settings.retention.policy)
    return Portal(transport, clock=at_hand.clock, subscriptions=purposes.subscription_ids, dates=dates)


@contextmanager
def looking(settings: Settings, portal: PortalSettings, given: Tools | None = None) -> Iterator[Portal]:
    """A portal to look at, before there is a mirror or beside one; leaves nothing behind.

    Where a mirror exists its limiter is shared; without one the limits are kept in a folder that goes away.
    """
    if not _is_missing(settings):
        yield portal_of(settings, portal, given)
        return
    with TemporaryDirectory(prefix="consent-mirror-") as folder:
        elsewhere = MirrorSettings(database=f"sqlite:///{folder}/none.db", keys=settings.mirror.keys)
        yield portal_of(settings.model_copy(update={"mirror": elsewhere}), portal, given)


def desk_of(settings: Settings, mirror: Mirror, name: str | None, given: Tools | None = None) -> Desk:
    """Everything that the acts need for one portal."""
    at_hand = given or tools()
    portal = settings.portal(name)
    return Desk(
        portal=portal.portal_id,
        name=portal.name,
        mirror=mirror,
        hubspot=portal_of(settings, portal, at_hand),
        purposes=purposes_of(settings, portal),
        limits=limits_of(settings),
        clock=at_hand.clock,
        chance=at_hand.chance,
        zone=settings.controller.zone,
        controller=controller_of(settings),
        subject_sources=subject_texts(portal.subject_sources),
        statuses_per_day=portal.statuses_per_day,
        erase_again=portal.erase_again,
        own_sources=settings.notices.own_sources,
        block_overdue=settings.notices.block_overdue,
        signer=Signer(mirror.link_key),
        public_url=settings.web.public_url,
        export_ms=settings.exports.keep * 1000,
        mails=bool(settings.report.smtp_host and settings.report.from_),
        recipients=recipients_of(settings, portal.name),
        outside=directory_of(settings, at_hand.clock) if settings.recipients else None,
        retention=settings.retention.policy,
        retention_calls=settings.retention.calls,
        journal=pull_journal_of(portal, at_hand),
    )


def pull_journal_of(portal: PortalSettings, at_hand: Tools) -> PullJournal | None:
    """HubSpot's pull journal of the portal's app; None where none is named. Nothing is asked yet."""
    if portal.journal_client_id is None:
        return None
    return PullJournal(
        portal.api,
        portal.journal_client_id,
        partial(_journal_secret, portal),
        scope=portal.journal_scope,
        clock=at_hand.clock,
        stop=at_hand.stop,
    )


def _journal_secret(portal: PortalSettings) -> str:
    key = f"portals.{portal.name}.journal_client_secret"
    found = secret(portal.journal_client_secret_env, portal.journal_client_secret_file, key=key)
    assert found is not None  # noqa: S101 - settings demand one of the two beside the id
    return found


def webhook_secret_of(portal: PortalSettings) -> str | None:
    """The client secret that signs the portal's webhooks; None where it has none.

    Raises ConfigurationError where it is named and missing.
    """
    key = f"portals.{portal.name}.webhook_secret"
    return secret(portal.webhook_secret_env, portal.webhook_secret_file, key=key)


def server_of(settings: Settings) -> MailServer | None:
    """The mail server; None where no mail is configured. Raises ConfigurationError for a missing secret."""
    said = settings.report
    if not said.smtp_host or not said.from_:
        return None
    password = None
    if said.smtp_user:
        password = secret(said.smtp_password_env, said.smtp_password_file, key="report.smtp_password_env")
    if password:
        remember_secret(password)
    return MailServer(
        host=said.smtp_host,
        port=said.smtp_port,
        security=said.smtp_security,
        user=said.smtp_user if password else None,
        password=password,
        ca_file=said.smtp_ca_file,
    )


def recipients_of(settings: Settings, name: str) -> tuple[Recipient, ...]:
    """Those who get data of one portal's people; purposes of other portals are left out."""
    mine = {purpose.key for purpose in purposes_of(settings, settings.portal(name))}
    found = []
    for each in settings.recipients:
        kept = tuple(key for key in each.purposes if key in mine)
        if kept or not each.purposes:
            found.append(
                Recipient(
                    name=each.name,
                    kind=each.kind,
                    role=each.role,
                    purposes=kept,
                    country=each.country,
                    transfer=each.transfer,
                )
            )
    return tuple(found)


def directory_of(settings: Settings, clock: Clock) -> Directory:
    """How each recipient is reached; nothing is asked yet, no secret is read."""
    return Directory({each.name: _way(settings, each, clock) for each in settings.recipients})


def _way(settings: Settings, said: RecipientSettings, clock: Clock) -> Way:
    if said.kind == "mail":
        sender, address = settings.report.from_ or "", said.address or ""
        return Letter(said.name, address, sender, partial(server_of, settings), clock)
    return Webhook(said.name, said.url or "", partial(_signing_secret, said), clock)


def _signing_secret(said: RecipientSettings) -> str:
    found = secret(said.secret_env, said.secret_file, key=f"recipients.{said.name}.secret")
    assert found is not None  # noqa: S101 - settings demand exactly one of the two
    remember_secret(found)
    return found


@contextmanager
def opened(settings: Settings, name: str | None, given: Tools | None = None) -> Iterator[Desk]:
    """The desk of one portal, with its mirror open."""
    settings.portal(name)
    with mirror_of(settings, given) as mirror:
        yield desk_of(settings, mirror, name, given)


def pin(settings: Settings, name: str | None, given: Tools | None = None) -> int | None:
    """Compare the configured portal with the token's own. Without a token: None, doctor will tell.

    Raises ConfigurationError when the token belongs to another portal.
    """
    portals = [settings.portal(name)] if name else list(settings.portals)
    for portal in portals:
        found = portal_of_token(settings, portal, given)
        if found is not None:
            check_pin(portal, found)
    return portals[0].portal_id


def portal_of_token(settings: Settings, portal: PortalSettings, given: Tools | None = None) -> int | None:
    """The number of the portal that the token at hand opens, asked of HubSpot; None without a token."""
    try:
        token_of(portal)
    except ConfigurationError:
        return None
    with looking(settings, portal, given) as hubspot:
        return hubspot.details().portal_id


def check_pin(portal: PortalSettings, found: int) -> None:
    """The token's portal is the configured one, or nothing is done (threat 9)."""
    if found != portal.portal_id:
        raise ConfigurationError(
            f"The token belongs to portal {found}, the configuration names {portal.portal_id}.",
            where=f"portals.{portal.name}.portal_id",
            next_step="Use the token of the configured portal, or correct portal_id before anything is read.",
        )
