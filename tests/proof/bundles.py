"""A real bundle from a real mirror, made once, and ways to tamper with it."""

import copy
import json
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from connector.acts.bundle import bundle
from connector.acts.checkpoint import Journal, rotate_key, sign_checkpoint
from connector.acts.looks import Look
from connector.consent.events import EventType, Source
from connector.proof.bundle import seal_text
from connector.proof.notes import Signer, sign
from connector.proof.trust import origin_of
from tests.world import ANNA, BO, World

WORDING = "Ja, Exempel AB får skicka nyhetsbrev till mig. Jag kan när som helst återkalla det.\n"
NOTICE = "Så behandlar vi dina uppgifter: Åsa, Örjan och Älva ser dem.\n"
NEW_SEED = bytes(range(32))


@dataclass(frozen=True)
class Made:
    """The bundle's bytes, the key that signed it, and one that signed before."""

    data: bytes
    key: str
    old_key: str
    signer: Signer

    @property
    def body(self) -> dict[str, Any]:
        """A copy to change."""
        return copy.deepcopy(json.loads(self.data))

    def resealed(self, body: dict[str, Any]) -> bytes:
        """As somebody who has the signing key would hand it out."""
        return json.dumps({**body, "seal": sign(seal_text(body), self.signer)}).encode()


def journal_of(world: World, seed: bytes | None = None) -> Journal:
    """The log of a world's portal."""
    from connector import wiring

    return Journal(
        mirror=world.mirror,
        portal=world.desk.portal,
        name="main",
        seed=seed or wiring.keys_of(world.settings).signing,
        clock=world.clock,
    )


def filled(world: World) -> tuple[str, str]:
    """A person with a proved yes, a sign-up, a claim and a no; the hashes of wording and notice."""
    world.sync()
    with world.mirror.write(world.desk.portal) as work:
        wording = work.blobs.put("wording", WORDING.encode(), "sv")
        notice = work.blobs.put("notice", NOTICE.encode(), "sv")
        work.blobs.used(wording, "form:7ab2", world.now)
    proof = {"wording": wording, "notice": notice, "language": "sv", "source": Source.FORM}
    world.grant(ANNA, **proof, detail={"form": "7ab2", "page": "https://exempel.example/å"})
    world.grant(BO, **proof)
    sign_checkpoint(journal_of(world))
    world.add(ANNA, EventType.REQUEST, "events", reason='ÅÄÖ \u2028 "citat" \\ \t')
    world.wait()
    world.add(ANNA, EventType.CLAIM, "offers", actor="unknown", source=Source.HUBSPOT)
    world.add(ANNA, EventType.WITHDRAW, "newsletter", t_lo=world.now, t_hi=world.now)
    return wording, notice


@cache
def made() -> Made:
    """One bundle for all tests: two earlier checkpoints, and a key that was exchanged between them."""
    folder = Path(tempfile.mkdtemp(prefix="consent-mirror-bundle-"))
    world = World(folder, contacts=(ANNA, BO))
    try:
        filled(world)
        journal = journal_of(world)
        old = str(journal.signer.verifier)
        sign_checkpoint(journal)
        rotate_key(journal, NEW_SEED)
        done = bundle(world.desk, journal_of(world, NEW_SEED), Look(ANNA, "dora"), {"name": "Exempel AB"})
        assert done is not None
        return Made(done.data, done.checkpoint.key, old, Signer(origin_of(world.desk.portal), NEW_SEED))
    finally:
        world.close()
        shutil.rmtree(folder)
