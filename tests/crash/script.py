"""One recorded run: everything that writes, here and in HubSpot, in a fixed order.

Each part may be played again after a death, as a person would press the button again and the daemon tick
again.
"""

from collections.abc import Callable
from typing import Any

from connector.acts.erase import Order, erase
from connector.acts.record import Act, File, record
from connector.acts.when import Moment
from connector.acts.withdraw import No, withdraw
from connector.consent.events import EventType, Source
from tests.simulation.product import Product
from tests.world import ANNA, BO, CARIN, DAVID, DAY, EVA, HOUR, MINUTE, NEWSLETTER, OFFERS

PEOPLE = (ANNA, BO, CARIN, DAVID, EVA)


def people(product: Product) -> None:
    """Who is in the portal before anything is read."""
    for number, address in enumerate(PEOPLE):
        product.sandbox.colleague.create({"email": address})
        kind = NEWSLETTER if number % 2 else OFFERS
        product.sandbox.app.set_status(address, kind, "SUBSCRIBED", source="Zorp")


def _consent(product: Product, address: str, at: int) -> None:
    purpose = product.desk.purposes.of_subscription(NEWSLETTER)
    proof = File("scan.pdf", b"signed")
    act = Act(
        type=EventType.GRANT, source=Source.PAPER, at=Moment(at, at), purpose=purpose, signed=True,
        wording=File("w.txt", b"Yes, mail me."), evidence=(proof,),
    )  # fmt: skip
    record(product.desk, address, act)


def parts(product: Product) -> list[Callable[[], Any]]:
    """What is done with the product. Each may be repeated; what happens in HubSpot happens once (`once`)."""
    world, sandbox = product.world, product.sandbox
    begun = world.now()

    def once(act: Callable[[], Any]) -> Callable[[], None]:
        done: list[bool] = []

        def acted() -> None:
            if not done:
                done.append(True)
                act()

        return acted

    return [
        product.turn,
        lambda: _consent(product, ANNA, begun),
        once(lambda: world.advance(HOUR)),
        product.turn,
        lambda: withdraw(product.desk, BO, No(source_ref="crash:bo", t_lo=begun, t_hi=begun)),
        once(lambda: sandbox.person.unsubscribe(CARIN)),
        once(lambda: world.advance(HOUR)),
        product.tick,
        once(lambda: sandbox.app.set_status(BO, NEWSLETTER, "SUBSCRIBED", source="Zorp")),
        once(lambda: world.advance(DAY)),
        product.tick,
        lambda: _erased(product),
        once(lambda: world.advance(HOUR)),
        lambda: product.turn(full=True),
        once(lambda: world.advance(5 * MINUTE)),
        product.turn,
    ]


def _erased(product: Product) -> None:
    erase(product.desk, DAVID, Order(reason="asked"))
