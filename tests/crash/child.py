"""A command of the product in a process that kills itself, really, at the n-th commit or call.

python -m tests.crash.child CONFIG N WORDS...    # N 0: never; how many there were is the last word on stderr
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from connector.hubspot.session import Session
from connector.store.engine import Database
from jobs import cli


def main(config: str, at: str, *words: str) -> int:
    """The command's exit code, unless it does not live to see it."""
    seen = 0

    def moment() -> None:
        nonlocal seen
        seen += 1
        if seen == int(at):
            os.kill(os.getpid(), signal.SIGKILL)

    honest_begin: Any = Database.begin
    honest_send = Session.send

    @contextmanager
    def begin(self: Database, engine: Engine) -> Iterator[Connection]:
        with honest_begin(self, engine) as connection:
            yield connection
            if engine is self.writer:
                moment()
        if engine is self.writer:
            moment()

    def send(self: Session, *args: Any) -> Any:
        moment()
        answer = honest_send(self, *args)
        moment()
        return answer

    Database.begin = begin  # type: ignore[method-assign]
    Session.send = send  # type: ignore[method-assign]
    ended = cli.run(["--config", config, *words])
    sys.stderr.write(f"{seen}\n")
    return ended


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
