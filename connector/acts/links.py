"""A person's links: made for their addresses, read back to the person (consent-domain 8).

A link names nobody. Its id leads to a person in the mirror for as long as they are there; afterwards it leads
nowhere, and every page answers as if it still did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.acts.desk import Desk
from connector.acts.who import address_of, users_of
from connector.errors import ConfigurationError, Refused
from connector.proof.links import LOOK_MS, Scope, Signer
from connector.proof.links import Ticket as Ticket  # noqa: PLC0414 - for the pages, which know no proof
from connector.store.people import Address, AddressKind
from connector.store.work import Work
from mappings.times import iso

#: The paths of the pages; a test compares them with the routes.
PAGE: Final = "/p/"
ONE_CLICK: Final = "/u/"
CONFIRM: Final = "/c/"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLinks:
    """The links of one address, and the headers for mails of other senders (RFC 8058)."""

    preferences: str
    unsubscribe: str
    one_click: str
    until: int  # ms UTC: when `preferences` shows less

    def document(self) -> dict[str, Any]:
        """The `--json` document of `person links`."""
        return {
            "preferences": self.preferences,
            "preferences_until": iso(self.until),
            "unsubscribe": self.unsubscribe,
            "headers": dict(self.headers),
        }

    @property
    def headers(self) -> Mapping[str, str]:
        """Both have to be covered by the mail's DKIM signature."""
        return {
            "List-Unsubscribe": f"<{self.one_click}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }


def signer_of(desk: Desk) -> Signer:
    """What makes links. Raises ConfigurationError where there is no address for them."""
    if desk.signer is None or not desk.public_url:
        raise ConfigurationError(
            "Links need the address under which people reach the pages.",
            where="web.public_url",
            kind="no_public_url",
            next_step="Set it to an https address, and serve the pages there (docs/web.md).",
        )
    return desk.signer


def links_of(desk: Desk, address: str) -> PersonLinks:
    """Of an address that somebody in the mirror has. Raises Refused where nobody does."""
    signer_of(desk)
    normalised = address_of(address)
    with desk.mirror.write(desk.portal) as work:
        people = users_of(work, normalised)
        number = keep_links(desk, work, [work.people.address_ref(normalised)])[0] if people else b""
    if not people:
        raise Refused(
            "Nobody with this address is in the mirror.",
            where="ADDRESS",
            kind="nobody",
            next_step="Run `sync` where HubSpot has somebody new; a stranger has no link.",
        )
    stop, now = stop_token(desk, number), desk.clock.now()
    return PersonLinks(
        preferences=url(desk, PAGE, look_token(desk, number)),
        unsubscribe=url(desk, PAGE, stop),
        one_click=url(desk, ONE_CLICK, stop),
        until=now + LOOK_MS,
    )


def keep_links(desk: Desk, work: Work, refs: Sequence[str]) -> list[bytes]:
    """The ids of the links of these addresses, from now on to be found."""
    signer = signer_of(desk)
    ids = {ref: signer.id_of(desk.portal, ref) for ref in refs}
    work.links.keep(ids)
    return [ids[ref] for ref in refs]


def stop_token(desk: Desk, number: bytes) -> str:
    """Says no, for ever. The same for the same link, so that it is written to HubSpot once."""
    return signer_of(desk).sign(Ticket(scope=Scope.STOP, portal=desk.portal, id=number, made_at=0))


def look_token(desk: Desk, number: bytes) -> str:
    """Says no, and for 30 days shows what applies."""
    now = desk.clock.now()
    ticket = Ticket(scope=Scope.LOOK, portal=desk.portal, id=number, made_at=now, ends_at=now + LOOK_MS)
    return signer_of(desk).sign(ticket)


def url(desk: Desk, path: str, token: str) -> str:
    """Where a token leads."""
    return f"{desk.public_url}{path}{token}"


def bearer(work: Work, ticket: Ticket) -> Address | None:
    """The address behind a link, as somebody in the mirror has it; None where that person is erased."""
    return bearers(work, [ticket])[0]


def bearers(work: Work, tickets: Sequence[Ticket]) -> list[Address | None]:
    """The same for many links, in as many queries as for one."""
    refs = work.links.find_all(ticket.id for ticket in tickets)
    users = work.people.persons_of(refs.values())
    held = work.people.addresses({number for ids in users.values() for number in ids})

    def bearer_of(ref: str | None) -> Address | None:
        found = [each for number in users.get(ref or "", ()) for each in held[number] if each.ref == ref]
        return min(found, key=lambda each: (each.kind is AddressKind.PAST, each.person_id), default=None)

    return [bearer_of(refs.get(ticket.id)) for ticket in tickets]


def masked(address: str) -> str:
    """`a•••@e•••.se`: enough to recognise one's own, too little to learn another's (consent-domain 8)."""
    local, _, domain = address.rpartition("@")
    name, _, top = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••.{top}"
