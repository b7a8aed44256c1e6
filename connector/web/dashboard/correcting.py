"""Rectify a datum (Art. 16), and send somebody their own receipt: both are shown before they are done."""

from starlette.responses import Response

from connector.acts.looks import Kind, Look
from connector.acts.own_receipt import send_receipt as send_receipt_act
from connector.acts.rectify import Correction, Rectified, correct
from connector.consent.letters import Stop
from connector.errors import Refused
from connector.web.dashboard.office import Visit
from connector.web.dashboard.people import address_in_use, living, place


def form(visit: Visit) -> Response:
    """What is to be corrected."""
    person = living(visit)
    visit.looked(person, Kind.PAGE)
    return visit.page("rectify", person=person, action=f"/people/{person.ref}/rectify", sure=False)


def rectify(visit: Visit) -> Response:
    """Shown once more before it is written to HubSpot and told to recipients."""
    person = living(visit)
    if visit.field("sure") != "yes":
        visit.looked(person, Kind.PAGE)
        return visit.page("rectify", person=person, action=f"/people/{person.ref}/rectify", sure=True)
    reason = visit.field("reason") or None
    done = correct(visit.desk, address_in_use(visit, person), correction(visit), visit.actor, reason)
    return visit.back(place(person), word(done))


def correction(visit: Visit) -> Correction:
    """What the form says: an address, or a property with its value; an empty value clears it."""
    name, email = visit.field("property") or None, visit.field("email") or None
    value = visit.field("value")
    return Correction(property=name, value=value if name or value else None, email=email)


def word(done: Rectified) -> str:
    """How far it is."""
    return "rectify_refused" if done.refused else "rectify_waits" if done.pending else "rectified"


def receipt_form(visit: Visit) -> Response:
    """Whether the receipt may be sent, and to whom; nothing is sent."""
    person = living(visit)
    visit.looked(person, Kind.RECEIPT)
    look = Look(address_in_use(visit, person), visit.user.name, visit.desk.door)
    stop = None if visit.problem else send_receipt_act(visit.desk, look, visit.say.language, confirm=False)
    return visit.page("send_receipt", person=person, address=look.address, stop=stop)


def send_receipt(visit: Visit) -> Response:
    """The person's own receipt by mail. Raises Refused where they may not be written to."""
    person = living(visit)
    look = Look(address_in_use(visit, person), visit.user.name, visit.desk.door)
    made = send_receipt_act(visit.desk, look, visit.say.language, confirm=True)
    if isinstance(made, Stop):
        raise Refused(
            f"Nothing is sent to this person ({made}).",
            kind="letter_stopped",
            next_step="Hand it over in another way.",
        )
    visit.office.lent.post(visit.desk)
    return visit.back(place(person), "receipt_sent")
