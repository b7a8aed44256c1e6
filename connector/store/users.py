"""Who may do what (design 4.12): names, roles, argon2 hashes. They belong to the mirror, not to a portal."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select, update

from connector.errors import ConfigurationError, Refused
from connector.store import bulk
from connector.store.scope import Scope
from connector.store.sessions import end_of
from connector.store.tables import account


class Role(StrEnum):
    """Each role may what the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    DPO = "dpo"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """A user; the password never leaves the store."""

    name: str
    role: Role
    created_at: int


#: A password of this length is not guessed through argon2 (RFC 9106, second recommended parameters).
PASSWORD_LENGTH: Final = 12
_NAME: Final = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
_RANK: Final = tuple(Role)


class Users:
    """All users of the mirror."""

    def __init__(self, scope: Scope) -> None:
        self._connection = scope.connection

    def add(self, name: str, role: Role, password: str, now: int) -> User:
        """Raises ConfigurationError when the name is taken or no name, or the password shorter than 12."""
        if not _NAME.match(name):
            raise _wrong(
                "A user's name has letters, digits, dot, - and _, at most 64.", "Choose another name."
            )
        if self.get(name) is not None:
            raise _wrong("There is a user of this name.", "Choose another name, or remove that user first.")
        values = {"name": name, "role": role, "hash": _hash(password), "created_at": now}
        self._connection.execute(insert(account).values(values))
        return User(name, role, now)

    def remove(self, name: str) -> bool:
        """False: there was none. Whoever it was is signed out."""
        end_of(self._connection, name)
        return bool(self._connection.execute(delete(account).where(account.c.name == name)).rowcount)

    def all(self) -> list[User]:
        """By name."""
        return [_user(row) for row in self._connection.execute(select(account).order_by(account.c.name))]

    def get(self, name: str) -> User | None:
        """One."""
        row = self._row(name)
        return _user(row) if row else None

    def check(self, name: str, password: str) -> User | None:
        """The user when the password is right; takes as long for an unknown name."""
        row = self._row(name)
        right = _matches(row.hash if row else _nobody(), password)
        return _user(row) if row and right else None

    def set_password(self, name: str, password: str) -> None:
        """Raises Refused when the user is unknown, ConfigurationError when the password is too short."""
        change = update(account).where(account.c.name == name).values(hash=_hash(password))
        if not self._connection.execute(change).rowcount:
            raise Refused("There is no such user.", next_step="See `consent-mirror users list`.")
        end_of(self._connection, name)

    def set_role(self, name: str, role: Role) -> None:
        """Another role; whoever it is has to sign in again. Raises Refused when the user is unknown."""
        change = update(account).where(account.c.name == name).values(role=role)
        if not self._connection.execute(change).rowcount:
            raise Refused("There is no such user.", next_step="See `consent-mirror users list`.")
        end_of(self._connection, name)

    def at_least(self, role: Role) -> int:
        """How many users have this role or more."""
        return sum(_RANK.index(user.role) >= _RANK.index(role) for user in self.all())

    def _row(self, name: str) -> bulk.AnyRow | None:
        return self._connection.execute(select(account).where(account.c.name == name)).one_or_none()


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password matches in practice: what an unknown name is compared with."""
    return _hasher().hash("nobody has this password")


def _hash(password: str) -> str:
    if len(password) < PASSWORD_LENGTH:
        raise _wrong("The password is too short.", f"Use {PASSWORD_LENGTH} characters or more.")
    return _hasher().hash(password)


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def rank(role: Role) -> int:
    """How much a role may: more than every smaller number."""
    return _RANK.index(role)


def _wrong(problem: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(problem, where="users", next_step=next_step)


def _user(row: bulk.AnyRow) -> User:
    return User(row.name, Role(row.role), row.created_at)
