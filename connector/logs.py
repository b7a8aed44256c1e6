"""Logs without people: every line is redacted, whoever wrote it, tracebacks included.

Whatever looks like an address, a token or a keyed secret is replaced, also percent-encoded, in base64, in
capitals and with a punycode domain; secrets made known by `remember_secret` are replaced wherever they turn
up. A person appears in a log only as `subject_ref` (design, house rules; consent-domain 9).
"""

import base64
import binascii
import logging
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Final, TextIO
from urllib.parse import quote

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from connector.clock import Clock, SystemClock

ADDRESS: Final = "[address]"
SECRET: Final = "[secret]"  # noqa: S105 - what stands in a secret's place
SHORTEST_SECRET: Final = 4  # a shorter one would tear every line apart

#: Libraries that would tell URLs, SQL parameters or job arguments below this level.
NOISY: Final = ("urllib3", "requests", "apscheduler", "sqlalchemy", "alembic", "asyncio", "matplotlib")

_AT = r"(?:@|\uff20|\ufe6b|%(?:25)*40|&\#64;|&\#x40;|\\u0040|\\x40|=40)"
_HAS_ADDRESS = re.compile(rf"[^@]{_AT}[^@]", re.IGNORECASE)
_QUOTED_LOCAL = re.compile(rf'"[^"\n]{{1,64}}"{_AT}[^\s<>()\[\],;:"]+', re.IGNORECASE)
_USER_INFO = re.compile(r"://[^\s/@\"'\[\]]+@")
_WORD = re.compile(r'[^\s<>()\[\]{},;:"]+')
_BEARER = re.compile(r"\bbearer(?:\s|%20|\+)+[^\s\"',;]+", re.IGNORECASE)
_TOKEN = re.compile(r"\bpat-[a-z0-9]{2,8}-[a-z0-9-]{6,}", re.IGNORECASE)
_KEYED = re.compile(
    r"""\b(?P<name>(?:access_|refresh_|session_|bearer_)?token|client_?secret|secret|password|passwd|pwd
        |authorization|api_?-?key|hapikey|cookie)
        (?P<sign>["']?\s*(?:[:=]|%3[ad])\s*["']?)
        (?P<value>(?:bearer\s+|basic\s+)?[^\s"',;&}]+)""",
    re.IGNORECASE | re.VERBOSE,
)
_SECRET_NAME = re.compile(
    r"(?:^|[_-])(?:token|secret|password|passwd|authorization|api_?-?key|hapikey|cookie)$", re.IGNORECASE
)
_ADDRESS_NAME = re.compile(r"^(?:e_?)?mail$|address$|recipient$|subscriber_?id_?string", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_PLAIN_ADDRESS = re.compile(rb"[^\x00-\x20@]@[\w\x80-\xff-]+(?:\.[\w\x80-\xff-]+)+")

#: Names whose values are words of the program's own.
_OFTEN: Final = frozenset({"event", "level", "method", "room", "where"})

Event = MutableMapping[str, Any]


class _Secrets:
    """The values to replace wherever they turn up, as one pattern."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        with self._lock:
            if len(value) < SHORTEST_SECRET or value in self._known:
                return
            self._known |= {value}
            forms = {form for each in self._known for form in (each, quote(each, safe=""))}
            longest_first = sorted(forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
            _redact_often.cache_clear()

    def hide(self, text: str) -> str:
        return self._pattern.sub(SECRET, text) if self._pattern else text

    def inside(self, data: bytes) -> bool:
        return any(value.encode() in data for value in self._known)


_secrets: Final = _Secrets()


def remember_secret(value: str) -> None:
    """Replace this value in every log line from now on, in any encoding that `redact` knows."""
    _secrets.add(value)


def redact(text: str) -> str:
    """The text without addresses, tokens and keyed secrets. Better a word too many than a person."""
    text = _BASE64.sub(_hide_encoded, _secrets.hide(text))
    text = _KEYED.sub(_hide_value, _BEARER.sub(SECRET, text))
    text = _USER_INFO.sub(f"://{SECRET}@", _TOKEN.sub(SECRET, text))
    if not _HAS_ADDRESS.search(text):
        return text
    return _WORD.sub(_hide_address, _QUOTED_LOCAL.sub(ADDRESS, text))


@lru_cache(maxsize=512)
def _redact_often(text: str) -> str:
    """The same for the names of an event's values and for some of these: few, and in every line."""
    return redact(text)


def redacted(_logger: Any, _method: str, event: Event) -> Event:
    """A structlog processor: every key and every value of the event, however deep."""
    return {_redact_often(str(key)): _clean(str(key), value) for key, value in event.items()}


def configure(
    *,
    json: bool | None = None,
    level: str = "info",
    stream: TextIO | None = None,
    clock: Clock | None = None,
) -> None:
    """Send structlog's and the standard library's logs to `stream` (stderr), redacted.

    JSON lines with `json`, or when the stream is no terminal; else coloured text for people.
    """
    stream = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    chain = _chain(clock or SystemClock())
    handler = _Handler(stream)
    handler.setFormatter(_formatter(chain, _renderer(json, stream)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    logging.captureWarnings(True)
    _structlog(chain, number)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def get_logger(**context: Any) -> Any:
    """A structlog logger with these keys bound."""
    return structlog.get_logger(**context)


class _Handler(logging.StreamHandler[TextIO]):
    """The standard library would print a record that cannot be written, arguments and all."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Say that a line was lost, and nothing of it."""
        if sys.stderr is not None:
            sys.stderr.write('{"event": "log_line_lost"}\n')


def _chain(clock: Clock) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamp(clock),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # plain text: names, lines and messages, never locals
        redacted,
    ]


def _structlog(chain: list[Processor], level: int) -> None:
    structlog.configure(
        processors=[*chain, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _formatter(chain: list[Processor], renderer: Processor) -> ProcessorFormatter:
    foreign = [structlog.stdlib.add_logger_name, *chain]
    return ProcessorFormatter(
        processors=[ProcessorFormatter.remove_processors_meta, renderer], foreign_pre_chain=foreign
    )


def _renderer(json: bool | None, stream: TextIO) -> Processor:
    if json or (json is None and not stream.isatty()):
        return structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _stamp(clock: Clock) -> Processor:
    def stamp(_logger: Any, _method: str, event: Event) -> Event:
        event["at"] = _iso(clock.now())
        return event

    return stamp


def _iso(at: int) -> str:
    seconds = datetime.fromtimestamp(at // 1000, UTC)
    return f"{seconds:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    get_logger().critical("uncaught_error", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and args.exc_type is not SystemExit:
        _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _clean(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_NAME.search(name):
        return SECRET
    if isinstance(value, int | float):
        return value
    if _ADDRESS_NAME.search(name):
        return ADDRESS
    if name in _OFTEN and type(value) is str:
        return _redact_often(value)
    return _cleaned(value)


def _cleaned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {redact(str(key)): _clean(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", each) for each in value]
    if isinstance(value, bytes | bytearray):
        return redact(bytes(value).decode("utf-8", "backslashreplace"))
    return redact(value if isinstance(value, str) else str(value))


def _hide_value(found: re.Match[str]) -> str:
    return f"{found['name']}{found['sign']}{SECRET}"


def _hide_address(found: re.Match[str]) -> str:
    return ADDRESS if _HAS_ADDRESS.search(found[0]) else found[0]


def _hide_encoded(found: re.Match[str]) -> str:
    """A base64 run that holds an address or a secret; a path before it may have shifted its start."""
    run = found[0].replace("-", "+").replace("_", "/")
    for shift in range(4):
        data = _decoded(run[shift:])
        if _secrets.inside(data) or any(map(_is_text, _PLAIN_ADDRESS.findall(data))):
            return SECRET
    return found[0]


def _is_text(data: bytes) -> bool:
    """Chance can put an @ into decoded noise, but hardly valid UTF-8 around it."""
    try:
        return bool(data[1:].decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _decoded(run: str) -> bytes:
    whole = run[: len(run) - len(run) % 4] if len(run) % 4 == 1 else run
    try:
        return base64.b64decode(whole + "=" * (-len(whole) % 4))
    except (binascii.Error, ValueError):
        return b""


if not structlog.is_configured():  # before `configure`: warnings and worse, redacted, never on stdout
    _structlog(_chain(SystemClock()), logging.WARNING)
