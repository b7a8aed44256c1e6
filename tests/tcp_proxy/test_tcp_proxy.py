"""Faults of the connection on real sockets: some classes in every flow; `make matrix` tries them all."""

import http.client
import time
from pathlib import Path

import pytest

from connector.sandbox.server import Sandbox
from tests.tcp_proxy.lives import ALL_FLOWS, MAIL, OF_MAIL, lived
from tests.tcp_proxy.proxy import KINDS, Proxy

SOME = ("reset after", "half-open", "endless headers")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", SOME)
def test_every_flow_survives(fault: str, tmp_path: Path) -> None:
    cells = lived(fault, tmp_path, at=(2,))
    flows = [flow.name for flow in ALL_FLOWS if flow is not MAIL or fault in OF_MAIL]
    assert [cell.flow for cell in cells] == flows
    assert [cell.flow for cell in cells if not cell.survived] == []
    assert [cell.flow for cell in cells if not cell.injected] == []


@pytest.mark.parametrize(
    "fault", [kind for kind in KINDS if kind != "endless headers"]
)  # no time-out ends those
def test_the_fault_comes_at_its_exchange_and_at_no_other(fault: str) -> None:
    """Three requests on a connection each; the second is the one that fails."""
    with Sandbox(1).start() as server, Proxy(server.port, pause_s=0.0005, silence_s=0.3) as proxy:
        assert _asked(proxy.port) is not None
        proxy.arm(fault, {2} if fault != "refused" else {1})
        if fault != "refused":
            assert _asked(proxy.port) is not None
        began = time.monotonic()
        hit = _asked(proxy.port)
        # whole answers, late or with a connection that ends after them
        assert (hit is not None) == (fault in {"drip", "closed between", "reset between", "length too short"})
        assert time.monotonic() - began < 30
        proxy.disarm()
        assert _asked(proxy.port) is not None
        assert proxy.injected[fault] == (0 if fault == "refused" else 1)


def _asked(port: int) -> bytes | None:
    """The body; None where no whole answer came."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)  # the faults end by themselves
    try:
        line.request("GET", "/crm/v3/objects/contacts")
        return line.getresponse().read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        line.close()
