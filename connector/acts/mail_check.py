"""The purpose check: marketing mails that HubSpot sent, against what the people had said (CD 2, K6)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.acts.desk import Desk
from connector.acts.facts import Facts, facts_of_many
from connector.consent.mailed import Wrong, wrong
from connector.store.mailed import MailedRow, MailedWhy
from connector.store.people import Person
from connector.store.work import Work
from mappings.addresses import NotAnAddress, normalise
from mappings.office import MarketingEmail
from mappings.purposes import Purpose

#: Mails judged in one transaction.
GROUP: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One mail that left. `purpose` None: HubSpot does not tell what it was for, or it is none of ours."""

    address: str
    at: int
    name: str
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True)
class Mails:
    """What the portal's marketing e-mails are for, by name and by campaign; empty where it does not tell."""

    by_name: Mapping[str, MarketingEmail]
    by_campaign: Mapping[int, MarketingEmail]

    @classmethod
    def of(cls, mails: Iterable[MarketingEmail]) -> "Mails":
        """Two mails of one name tell nothing by it."""
        named: dict[str, list[MarketingEmail]] = {}
        campaigns: dict[int, MarketingEmail] = {}
        for mail in mails:
            named.setdefault(mail.name, []).append(mail)
            campaigns |= dict.fromkeys(mail.campaigns, mail)
        alone = {
            name: held[0] for name, held in named.items() if len({each.subscription for each in held}) == 1
        }
        return cls(alone, campaigns)


def delivered(desk: Desk, mail: MarketingEmail | None, address: str, at: int, name: str) -> Delivered | None:
    """A mail with its purpose; None for a transactional one, which needs no consent to marketing."""
    if mail is not None and mail.transactional:
        return None
    known = mail is not None and mail.subscription is not None
    purpose = desk.purposes.of_subscription(mail.subscription or 0) if mail is not None and known else None
    return Delivered(address=address, at=at, name=name, purpose=purpose)


def judge(desk: Desk, mails: Sequence[Delivered]) -> int:
    """Keep those that were wrong; how many were new. Nobody who is not in the mirror gets a row."""
    found = 0
    for start in range(0, len(mails), GROUP):
        group = mails[start : start + GROUP]
        with desk.mirror.read(desk.portal) as work:
            rows = list(_wrong(desk, work, group))
        if rows:
            with desk.mirror.write(desk.portal) as work:
                here = work.people.by_ids({row.person_id for row in rows})
                found += work.mailed.put([row for row in rows if row.person_id in here], desk.clock.now())
    return found


def _wrong(desk: Desk, work: Work, mails: Sequence[Delivered]) -> Iterator[MailedRow]:
    by_address: dict[str, list[Delivered]] = {}
    for mail in mails:
        normalised = _normalised(mail.address)
        if normalised:
            by_address.setdefault(normalised, []).append(mail)
    refs = work.people.address_refs(by_address)
    users = work.people.persons_of(refs.values())
    people = work.people.by_ids({person for found in users.values() for person in found})
    facts = facts_of_many(desk, work, _living(people))
    for normalised, theirs in by_address.items():
        for person_id in users.get(refs[normalised], ()):
            if person_id in facts:
                yield from _of_person(desk, facts[person_id], refs[normalised], theirs)


def _living(people: Mapping[int, Person]) -> list[Person]:
    return [person for person in people.values() if person.merged_into is None]


def _of_person(desk: Desk, facts: Facts, ref: str, mails: Iterable[Delivered]) -> Iterator[MailedRow]:
    for mail in mails:
        found = wrong(facts.events, mail.purpose, list(desk.purposes), {ref}, mail.at, desk.sigma_ms)
        if found is None or (found[1] is Wrong.NOT_GIVEN and facts.unread):
            continue  # whoever was not read yet may have given it
        yield MailedRow(
            person_id=facts.person.id,
            purpose=found[0],
            reason=MailedWhy(found[1]),
            sent_at=mail.at,
            name=mail.name,
        )


def _normalised(text: str) -> str:
    try:
        return normalise(text)
    except NotAnAddress:
        return ""
