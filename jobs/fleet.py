"""Many portals on several workers over PostgreSQL: procrastinate queues, the mirror's fence guards a portal.

One job is one turn of one portal. The timetable in the mirror is what is due, so that a job may be lost
without loss: every 5 s one of the workers asks it and defers a turn for each portal that has something to do
and none under way or waiting. Nothing backs off inside the queue, where it would hold up what is due now
(reliability 2.3, #1599): a failed turn ends, and its job's row says when to try again. A stalled turn is
taken off the queue rather than retried (#1446): the next tick of the clock defers a new one.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.schema import SchemaManager

from connector.errors import ConnectorError, Temporary
from connector.store import queue
from connector.store.fences import Watch
from jobs.daemon import DRAIN_S, notify

CLOCK, SHORT, LONG = "clock", "short", "long"
EVERY_5_S: Final = "* * * * * */5"
BEAT_S: Final = 2.0
#: A worker that is silent this long has its turns taken off the queue (reliability 2.3: recovery in 10 s).
STALLED_S: Final = 8
AGAIN_S: Final = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A portal that has something to do."""

    portal: int
    is_long: bool  # a first reading, a sweep or forms: for the slots that may be busy for minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """What a worker is given: what is due, how to take a turn, whom to watch."""

    name: str
    url: str
    watch: Watch
    due: Callable[[], list[Asked]]
    turn: Callable[[int], None]
    short_turns: int
    long_turns: int
    stop: threading.Event = field(default_factory=threading.Event)


def schema_version() -> str:
    """The version of the queue's library, whose tables differ from one to the next."""
    return version("procrastinate")


def run(crew: Crew) -> int:
    """Work until SIGTERM or SIGINT; the exit code for the process. Raises what makes a start impossible."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    with queue.used(crew.url, schema_version(), SchemaManager.get_schema()):
        return asyncio.run(_work(crew))


async def _work(crew: Crew) -> int:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(crew.short_turns + crew.long_turns + 3, "turn"))
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    beats = asyncio.create_task(_beat(crew))
    notify("READY=1")
    log.info("worker_started", worker=crew.name)
    while not told.is_set():
        await _until_told(crew, told)
    notify("STOPPING=1")
    beats.cancel()
    log.info("worker_stopped", worker=crew.name)
    return 0


async def _until_told(crew: Crew, told: asyncio.Event) -> None:
    """Serve the queue; when the database went away, begin again as soon as it is back."""
    with suppress(asyncio.CancelledError):
        try:
            async with _app(crew).open_async() as app:
                serving = [
                    asyncio.create_task(_serve(app, [CLOCK, SHORT], crew.short_turns + 1)),
                    asyncio.create_task(_serve(app, [LONG], crew.long_turns)),
                ]
                waiting = asyncio.create_task(told.wait())
                await asyncio.wait([*serving, waiting], return_when=asyncio.FIRST_COMPLETED)
                crew.stop.set() if told.is_set() else None
                waiting.cancel()
                for task in serving:
                    task.cancel()
                await asyncio.gather(*serving, return_exceptions=True)
        except Exception as error:
            log.warning("queue_lost", kind=type(error).__name__)
    if not told.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), AGAIN_S)


async def _serve(app: procrastinate.App, queues: list[str], concurrency: int) -> None:
    await app.run_worker_async(
        queues=queues,
        concurrency=concurrency,
        install_signal_handlers=False,
        fetch_job_polling_interval=1.0,
        update_heartbeat_interval=BEAT_S,
        stalled_worker_timeout=STALLED_S,
        shutdown_graceful_timeout=DRAIN_S,
        delete_jobs=DeleteJobCondition.ALWAYS,
    )


async def _beat(crew: Crew) -> None:
    """The mirror's own sign of life, apart from the queue's: it keeps our portals ours."""
    while True:
        try:
            await asyncio.to_thread(crew.watch.beat, crew.name)
            notify("WATCHDOG=1")
        except ConnectorError as error:
            log.warning("beat_failed", error=error.code)
        except Exception as error:  # a server that only reads after a failover: whatever it is, it passes
            log.error("beat_broke", kind=type(error).__name__, exc_info=error)
        await asyncio.sleep(BEAT_S)


def _app(crew: Crew) -> procrastinate.App:
    connector = procrastinate.PsycopgConnector(kwargs=queue.conninfo(crew.url), min_size=1, max_size=4)
    app = procrastinate.App(connector=connector)

    @app.task(name="turn", queue=SHORT)
    def turn(portal: int) -> None:
        _turn(crew, portal)

    @app.periodic(cron=EVERY_5_S)
    @app.task(name="clock", queue=CLOCK, queueing_lock=CLOCK)
    async def clock(timestamp: int) -> None:
        del timestamp  # what is due is the mirror's to say
        await _clear(app, crew)
        await _defer(turn, crew)

    return app


def _turn(crew: Crew, portal: int) -> None:
    try:
        crew.turn(portal)
    except Temporary as error:  # another worker has it, or the database is away
        log.info("turn_not_taken", portal_id=portal, error=error.code)
    except ConnectorError as error:
        log.warning("turn_failed", portal_id=portal, error=error.code)
    except Exception as error:
        log.error("turn_broke", portal_id=portal, kind=type(error).__name__, exc_info=error)


async def _clear(app: procrastinate.App, crew: Crew) -> None:
    """Take what dead workers left off the queue, and end the sessions of silent ones."""
    for worker in await asyncio.to_thread(crew.watch.end_stale):
        log.warning("worker_silent", worker=worker)
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S)
    for job in stalled:
        if job.id is not None:
            await app.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)
            log.warning("turn_stalled", task=job.task_name)


async def _defer(turn: "procrastinate.tasks.Task[..., None, ...]", crew: Crew) -> None:
    for asked in await asyncio.to_thread(crew.due):
        name = f"portal {asked.portal}"
        ready = turn.configure(queue=LONG if asked.is_long else SHORT, lock=name, queueing_lock=name)
        with suppress(AlreadyEnqueued):
            await ready.defer_async(portal=asked.portal)
