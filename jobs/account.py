"""Who sits at this machine: the operating system's own word, not what the environment says."""

import os
import pwd

from connector.acts.looks import Look, named


def account() -> str:
    """The name of the account that runs us; `uid-N` where it has none. Never an address."""
    try:
        return named(pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:
        return f"uid-{os.getuid()}"


def staff() -> str:
    """The account as the actor of an entry."""
    return f"staff:{account()}"


def look_at(address: str) -> Look:
    """The account of this machine looks at whoever uses the address."""
    return Look(address, account())
