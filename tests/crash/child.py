"""A command of the product in a process that kills itself, really, at the n-th commit or call.

python -m tests.crash.child CONFIG N WORDS...      # N 0: never
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
    left = [int(at)]

    def moment() -> None:
        left[0] -= 1
        if left[0] == 0:
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
    return cli.run(["--config", config, *words])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
