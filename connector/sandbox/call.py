"""One request as the rules see it, whichever way it came."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from connector.sandbox import replies
from connector.sandbox.access import App
from connector.sandbox.digits import whole


@dataclass(slots=True)
class Call:
    """A request: `raw_path` is still percent-encoded, so that an address may hold any character."""

    method: str
    raw_path: str
    raw_query: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    app: App | None = None
    stale_ms: int = 0
    _query: dict[str, str] | None = None

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(self.raw_path.strip("/").split("/"))

    @property
    def query(self) -> dict[str, str]:
        """Parameters of the URL; a repeated one is joined with commas, as HubSpot takes lists both ways."""
        if self._query is None:
            joined: dict[str, str] = {}
            for name, value in parse_qsl(self.raw_query, keep_blank_values=True):
                joined[name] = f"{joined[name]},{value}" if joined.get(name) else value
            self._query = joined
        return self._query

    def parameter(self, name: str) -> str:
        """A variable part of the path, decoded. Refusal 400 when its bytes are no UTF-8."""
        try:
            return unquote(self.parameters[name], errors="strict")
        except UnicodeDecodeError:
            raise replies.invalid(f"Invalid value for {name}: not UTF-8") from None

    def flag(self, name: str) -> bool:
        """A boolean of the URL. Refusal 400 for anything but true and false."""
        text = self.query.get(name, "false").lower()
        if text not in {"true", "false"}:
            raise replies.invalid(f"Invalid value for {name}: {text!r} is not a boolean")
        return text == "true"

    def number(self, name: str, default: int | None = None) -> int | None:
        """An integer of the URL. Refusal 400 when it is none."""
        text = self.query.get(name)
        if text is None or text == "":
            return default
        number = whole(text)
        if number is None:
            raise replies.invalid(f"Invalid value for {name}: {text!r} is not a number")
        return number

    def names(self, name: str) -> list[str]:
        """A comma list of the URL."""
        return [part.strip() for part in self.query.get(name, "").split(",") if part.strip()]

    def document(self) -> Any:
        """The JSON body. Refusal 400 when it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, nested too deeply
            raise replies.invalid(f"Invalid input JSON: {error}") from None

    def object(self) -> dict[str, Any]:
        """The JSON body, which must be an object."""
        document = self.document()
        if not isinstance(document, dict):
            raise replies.invalid("Invalid input JSON: an object is expected")
        return document

    def inputs(self, most: int) -> list[Any]:
        """`inputs` of a batch. Refusal 400 for more than `most`, for none, for something else."""
        given = self.object().get("inputs")
        if not isinstance(given, list):
            raise replies.invalid("Invalid input JSON: inputs must be a list")
        if len(given) > most:
            raise replies.invalid(f"Too many inputs: {len(given)}, at most {most}")
        return given
