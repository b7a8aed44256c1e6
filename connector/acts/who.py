"""From what a user typed to the people it means."""

from collections.abc import Iterable, Sequence

from connector.consent.events import Overlay
from connector.errors import ConfigurationError, Refused, Stopped
from connector.store.people import AddressKind, Person
from connector.store.users import Role, rank
from connector.store.work import Work
from mappings.addresses import NotAnAddress, normalise
from mappings.purposes import Purpose, Purposes


def address_of(text: str, where: str = "ADDRESS") -> str:
    """The normalised address. Raises ConfigurationError (exit 2), never with the text in it."""
    try:
        return normalise(text)
    except NotAnAddress as error:
        raise ConfigurationError(
            f"That is not one e-mail address: {error}",
            where=where,
            kind="no_address",
            next_step="Write one address, such as anna@example.com, without a name around it.",
        ) from None


def purpose_of(purposes: Purposes, key: str) -> Purpose:
    """The purpose with that key. Raises ConfigurationError (exit 2)."""
    purpose = purposes.get(key)
    if purpose is None:
        names = ", ".join(each.key for each in purposes)
        raise ConfigurationError(
            f"No purpose has the key {key[:60]!r}.",
            where="--purpose",
            kind="no_such_purpose",
            next_step=f"Say one of: {names}.",
        )
    return purpose


def must_decide(work: Work, user: str, where: str = "--user") -> None:
    """A user who may decide such things: a dpo or an admin. Raises Refused for anybody else, known or not."""
    known = work.users.get(user)
    if known is None or rank(known.role) < rank(Role.DPO):
        raise Refused(
            "This user may not decide it.",
            where=where,
            kind="may_not_decide",
            next_step="It takes the role dpo.",
        )


def people_at(work: Work, normalised: str) -> list[Person]:
    """Everyone whose address this is or was; those who use it now first."""
    return [person for _, person in _ranked(work, [normalised])[normalised]]


def users_of(work: Work, normalised: str) -> list[Person]:
    """Those who use the address now; those who used it once, only when nobody does."""
    return users_of_all(work, [normalised])[normalised]


def users_of_all(work: Work, names: Iterable[str]) -> dict[str, list[Person]]:
    """The same for many, in as many queries as for one; by address."""
    found = _ranked(work, names)
    return {
        name: [person for rank, person in held if rank < _PAST] or [person for _, person in held]
        for name, held in found.items()
    }


def one_user(work: Work, normalised: str) -> Person:
    """The one person who uses an address. Raises Refused for a stranger, Stopped where several do."""
    return the_one(known_users(work, normalised), "Several people share this address.")


def known_users(work: Work, normalised: str) -> list[Person]:
    """`users_of`, at least one. Raises Refused for a stranger."""
    people = users_of(work, normalised)
    if not people:
        raise Refused(
            "Nobody with this address is in the mirror.",
            where="ADDRESS",
            kind="nobody",
            next_step="Run `sync`, or look the address up with `person show`.",
        )
    return people


def the_one(people: Sequence[Person], problem: str) -> Person:
    """The only one of those who share an address. Raises Stopped with `problem` where there are more."""
    if len(people) > 1:
        raise Stopped(
            problem,
            where="ADDRESS",
            kind="shared",
            next_step="Name the one you mean by an address that nobody else has.",
        )
    return people[0]


def still_here(work: Work, person_id: int | None) -> int | None:
    """Whoever somebody is now; None where they were erased or were never here."""
    found = None if person_id is None else work.people.living(person_id)
    return None if found is None or found.overlay is Overlay.ERASED else found.id


_RANKS = (AddressKind.PRIMARY, AddressKind.ADDITIONAL, AddressKind.PAST)
_PAST = _RANKS.index(AddressKind.PAST)


def _ranked(work: Work, names: Iterable[str]) -> dict[str, list[tuple[int, Person]]]:
    """Per address everyone who has or had it, with how they do; present users first."""
    refs = work.people.address_refs(names)
    users = work.people.users_of(refs.values())
    people = work.people.by_ids({number for held in users.values() for number, _ in held})
    return {
        name: sorted((_RANKS.index(kind), people[number]) for number, kind in users.get(ref, ()))
        for name, ref in refs.items()
    }
