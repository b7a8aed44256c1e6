"""The control API: `POST /_sandbox/<group>/<act>` with the act's arguments as a JSON object; loopback only.

`GET /_sandbox` lists the acts. Acts that only read also answer GET with arguments in the URL.
"""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec

from connector.sandbox.call import Call
from connector.sandbox.engine import Engine
from connector.sandbox.machine import Machine
from connector.sandbox.office import Office
from connector.sandbox.register import Register
from connector.sandbox.replies import Refusal, Reply, encode, json_reply
from connector.sandbox.stage import Colleague, Importer, OtherApp, Person

PREFIX = "_sandbox"
GROUPS = {
    "person": Person,
    "colleague": Colleague,
    "import": Importer,
    "app": OtherApp,
    "register": Register,
    "office": Office,
    "machine": Machine,
}


class Control:
    """Finds the act that a control call names and carries it out."""

    def __init__(self, engine: Engine) -> None:
        self._acts: dict[str, Callable[..., Any]] = {}
        for group, kind in GROUPS.items():
            actors = kind(engine)
            for name, _ in inspect.getmembers(kind, inspect.isfunction):
                if not name.startswith("_"):
                    self._acts[f"{group}/{name}"] = getattr(actors, name)

    def answer(self, call: Call) -> Reply:
        """`{"result": …}`; 404 for an unknown act, 400 with a problem that says what was wrong."""
        path = "/".join(call.segments[1:])
        if not path:
            return json_reply({"acts": {name: _described(act) for name, act in self._acts.items()}})
        act = self._acts.get(path)
        if act is None:
            return json_reply({"problem": f"no act {path!r}", "acts": sorted(self._acts)}, 404)
        try:
            return Reply(200, encode({"result": _result(act, self._arguments(call, act))}))
        except Refusal as refused:
            return json_reply({"problem": str(refused)}, refused.status)
        except (LookupError, TypeError, ValueError, msgspec.ValidationError) as error:
            return json_reply({"problem": f"{type(error).__name__}: {error}"}, 400)

    @staticmethod
    def _arguments(call: Call, act: Callable[..., Any]) -> dict[str, Any]:
        if call.method != "GET":
            return call.object() if call.body else {}
        kinds = inspect.signature(act).parameters
        return {
            name: _read(text, str(kinds[name].annotation) if name in kinds else "")
            for name, text in call.query.items()
        }


def _read(text: str, kind: str) -> Any:
    """A value of the URL as its parameter wants it."""
    if "bool" in kind:
        return text == "true"
    return int(text) if "int" in kind and text.lstrip("-").isdigit() else text


def _result(act: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    return act(**arguments)


def _described(act: Callable[..., Any]) -> dict[str, str]:
    said = (inspect.getdoc(act) or "").split("\n", maxsplit=1)[0]
    return {"arguments": str(inspect.signature(act)), "does": said}
