"""Which endpoint a path means. Static parts win over variable ones, so no order has to be kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from connector.sandbox import replies
from connector.sandbox.call import Call
from connector.sandbox.replies import Reply
from connector.sandbox.rooms import Rooms

Endpoint = Callable[[Rooms, Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path template, the scopes of which one is enough, and how the call is counted."""

    method: str
    template: str
    endpoint: Endpoint
    scopes: tuple[str, ...] = ()
    search: bool = False
    open: bool = False  # needs no token and counts towards no limit
    takes: type | None = None  # the shape of its body


def under(bases: Iterable[str], *routes: Route) -> list[Route]:
    """The same routes under several base paths (versions)."""
    return [replace(route, template=base + route.template) for base in bases for route in routes]


class Router:
    """Finds routes by the number of path segments, then segment by segment."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
        for route in routes:
            pattern = tuple(route.template.strip("/").split("/"))
            self._by_length.setdefault(len(pattern), []).append((pattern, route))
        for same_length in self._by_length.values():
            same_length.sort(key=lambda entry: [part.startswith("{") for part in entry[0]])

    def find(self, call: Call) -> Route:
        """The route, with the path's variable parts put into the call. Refusal 404 or 405 without one."""
        known = False
        segments = call.segments
        for pattern, route in self._by_length.get(len(segments), ()):
            if not _fits(pattern, segments):
                continue
            known = True
            if route.method == call.method:
                call.parameters = {p[1:-1]: s for p, s in zip(pattern, segments, strict=True) if p[0] == "{"}
                return route
        if known:
            raise replies.Refusal(405, "METHOD_NOT_ALLOWED", "HTTP 405 Method Not Allowed")
        raise replies.Refusal(404, "", "resource not found")


def _fits(pattern: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    return all(p == s or (p[0] == "{" and s != "") for p, s in zip(pattern, segments, strict=True))
