"""The erasure of one person in our own database (consent-domain 7): what goes, and what must stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, and_, delete, exists, select, update
from sqlalchemy.sql.dml import Delete, Update

from connector.consent.events import Overlay
from connector.errors import Refused
from connector.proof.seal import NONCE_BYTES, seal, unseal
from connector.store import bulk, mail
from connector.store.answered import Answered
from connector.store.scope import Scope
from connector.store.tables import (
    address,
    alias,
    contact,
    errand,
    export,
    grantee,
    hint,
    leaving,
    link,
    mailed,
    moment,
    observed,
    outbox,
    payload,
    person,
    request,
    review,
    signup,
    state,
)

ERASURE: Final = "erasure"  # the kind of an errand that outlives its person


@dataclass(frozen=True, slots=True)
class Shredded:
    """What an erasure removed; counts only."""

    ref: str
    addresses: int
    contacts: int
    observed: int
    states: int
    payloads: int
    letters: int
    mails: int


def shred(scope: Scope, person_id: int) -> Shredded:
    """Remove all that is readable about one person; a tombstone keeps the ref."""
    run = scope.connection.execute
    mine = and_(person.c.id == person_id, person.c.portal == scope.portal)
    found = run(select(person.c.ref).where(mine)).one_or_none()
    if found is None:
        raise Refused("There is no such person.", next_step="Look the address up with `person show`.")
    letters = _count(scope, _letters(scope, person_id))
    free_letters(scope, person_id)
    seen = _count(scope, _observed(person_id))
    run(_aliases(scope, person_id))
    refs = run(_refs(person_id)).scalars()
    Answered(scope).forget_addresses(ref.hex() for ref in refs)  # who shares one is looked at again
    alone = _refs(person_id).where(_only_theirs(person_id, address.c.ref))
    mails = mail.wipe(scope, person_id, run(alone).scalars())
    _close_doors(scope, person_id)
    run(_moments(scope, person_id))
    run(delete(leaving).where(_of(scope, leaving, person_id)))
    run(_staff(person_id))
    run(delete(mailed).where(mailed.c.person_id == person_id))
    done = Shredded(
        ref=found.ref.hex(),
        observed=seen,
        letters=letters,
        mails=mails,
        addresses=_count(scope, delete(address).where(address.c.person_id == person_id)),
        contacts=_count(scope, delete(contact).where(contact.c.person_id == person_id)),
        states=_count(scope, delete(state).where(state.c.person_id == person_id)),
        payloads=_count(scope, delete(payload).where(payload.c.person_id == person_id)),
    )
    _close_questions(scope, person_id)
    _empty_desk(scope, person_id)
    _let_files_go(scope, person_id)
    run(update(person).where(mine).values(key=None, overlay=Overlay.ERASED))
    scope.holders.pop(person_id, None)
    scope.erased.append(done.ref)
    return done


def _count(scope: Scope, statement: Delete) -> int:
    return int(scope.connection.execute(statement).rowcount)


def _aliases(scope: Scope, person_id: int) -> Delete:
    """HubSpot ids that were merged into the person's records."""
    records = select(contact.c.id).where(contact.c.portal == scope.portal, contact.c.person_id == person_id)
    return delete(alias).where(alias.c.portal == scope.portal, alias.c.winner.in_(records))


def _moments(scope: Scope, person_id: int) -> Delete:
    """What retention counted from."""
    records = select(contact.c.id).where(contact.c.portal == scope.portal, contact.c.person_id == person_id)
    return delete(moment).where(moment.c.portal == scope.portal, moment.c.contact_id.in_(records))


def _staff(person_id: int) -> Update:
    """Somebody who can sign in to HubSpot too: the access stays, what is readable about them goes."""
    theirs = grantee.c.address.in_(_refs(person_id))
    gone = {"address": None, "sealed": None, "motive": None, "justified_at": None, "justified_by": None}
    return update(grantee).where(theirs).values(**gone, review_at=None)


def _close_questions(scope: Scope, person_id: int) -> None:
    """What waited about them is over; the key of a question may hold part of an address's index."""
    mine = and_(review.c.portal == scope.portal, review.c.person_id == person_id)
    run = scope.connection.execute
    for row in run(select(review.c.id).where(mine)).all():
        run(update(review).where(review.c.id == row.id).values(sealed=None, key=f"erased:{row.id}"))
    over = {"decided_at": scope.clock.now(), "decision": "erased", "decided_by": "system:erase"}
    run(update(review).where(mine, review.c.decided_at.is_(None)).values(over))


def _close_doors(scope: Scope, person_id: int) -> None:
    """Links lead nowhere any more, sign-ups wait no longer, nobody is told to look at the records."""
    run = scope.connection.execute
    for table in (link, signup):
        theirs = table.c.ref.in_(_refs(person_id)) & _only_theirs(person_id, table.c.ref)
        run(delete(table).where(table.c.portal == scope.portal, theirs))
    records = select(contact.c.id).where(_of(scope, contact, person_id))
    run(delete(hint).where(hint.c.portal == scope.portal, hint.c.contact_id.in_(records)))


def _empty_desk(scope: Scope, person_id: int) -> None:
    """Requests keep their header; recipients who still have to erase them are told all the same.

    The address of such an errand stays sealed with the portal's key until the recipient confirms.
    """
    run = scope.connection.execute
    run(update(request).where(_of(scope, request, person_id)).values(sealed=None, person_id=None))
    theirs = _of(scope, errand, person_id)
    run(delete(errand).where(theirs, errand.c.kind != ERASURE))
    run(update(errand).where(theirs).values(person_id=None))


def _of(scope: Scope, table: Table, person_id: int) -> Any:
    return and_(table.c.portal == scope.portal, table.c.person_id == person_id)


def _let_files_go(scope: Scope, person_id: int) -> None:
    """Files about them that stand are to be destroyed now; nothing joins any of them to the person."""
    run, mine = scope.connection.execute, _of(scope, export, person_id)
    now = scope.clock.now()
    run(update(export).where(mine, export.c.ended_at.is_not(None)).values(sha256=None))
    run(update(export).where(mine, export.c.destroy_by > now).values(destroy_by=now))
    run(update(export).where(mine).values(person_id=None))


def _only_theirs(person_id: int, ref: Any) -> Any:
    """Nobody else has this address: a shared box keeps what HubSpot says about it."""
    other = address.alias("other")
    return ~exists().where(other.c.ref == ref, other.c.person_id != person_id)


def _refs(person_id: int) -> Any:
    return select(address.c.ref).where(address.c.person_id == person_id)


def _observed(person_id: int) -> Delete:
    mine = observed.c.ref.in_(_refs(person_id))
    return delete(observed).where(mine, _only_theirs(person_id, observed.c.ref))


def _letters(scope: Scope, person_id: int) -> Delete:
    """Confirmed letters, and yeses that wait; a no that waits still leaves."""
    over = outbox.c.confirmed_at.is_not(None) | (outbox.c.status != "UNSUBSCRIBED")
    theirs = outbox.c.ref.in_(_refs(person_id)) & _only_theirs(person_id, outbox.c.ref)
    belongs = (outbox.c.person_id == person_id) | theirs
    return delete(outbox).where(outbox.c.portal == scope.portal, belongs, over)


def free_letters(scope: Scope, person_id: int, refs: Sequence[bytes] | None = None) -> None:
    """Seal the address into each no of a person that waits: it leaves although their row is gone.

    `refs`: only these addresses. What waits and is no no loses its person, and is parked when it is claimed.
    """
    scope.load([person_id])
    holder = scope.holders.get(person_id)
    if holder is None:
        return
    mine = [outbox.c.portal == scope.portal, outbox.c.person_id == person_id]
    if refs is not None:
        mine.append(outbox.c.ref.in_(refs))
    joined = and_(address.c.ref == outbox.c.ref, address.c.person_id == outbox.c.person_id)
    waiting = (
        select(outbox.c.ref, outbox.c.subscription, address.c.sealed)
        .join(address, joined)
        .where(*mine, outbox.c.confirmed_at.is_(None), outbox.c.status == "UNSUBSCRIBED")
    )
    for row in scope.connection.execute(waiting).all():
        place = scope.vault.address_place(holder.ref, row.ref)
        plain = unseal(holder.cipher, row.sealed, place).partition(b"\0")
        _seal_letter(scope, row, plain[2] or plain[0])
    scope.connection.execute(update(outbox).where(*mine).values(person_id=None))


def _seal_letter(scope: Scope, row: bulk.AnyRow, plain: bytes) -> None:
    sealed = seal(
        scope.vault.own, scope.chance.bytes(NONCE_BYTES), plain, scope.vault.place(b"letter", row.ref)
    )
    key = and_(outbox.c.portal == scope.portal, outbox.c.ref == row.ref)
    scope.connection.execute(
        update(outbox).where(key, outbox.c.subscription == row.subscription).values(sealed=sealed)
    )
