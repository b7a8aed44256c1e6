"""Every page of the dashboard and the role that it asks for (consent-domain 9)."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from connector.acts.checkpoint import Journal
from connector.store.users import Role
from connector.web.dashboard import (
    correcting,
    deciding,
    desk_pages,
    documents,
    entry,
    informing,
    leaving,
    ledger,
    overview,
    people,
    reach,
    recording,
)
from connector.web.dashboard.figures import Figures
from connector.web.dashboard.gate import PORTAL, Page, routes_of
from connector.web.dashboard.makings import Makings
from connector.web.dashboard.office import HOME, Lent, Office, Visit
from connector.web.dashboard.throttle import Throttle
from connector.web.dashboard.workshop import Workshop
from connector.web.site import Site

#: viewer: counts. operator: people, and what makes less happen. dpo: what decides or ends. admin: users.
PERSON: Final = PORTAL + "/people/{ref}"


def _out(visit: Visit) -> Response:
    secret = visit.request.cookies[entry.cookie_name(visit.office)]
    return entry.sign_out(visit.request, visit.office, secret)


PAGES: Final[tuple[Page, ...]] = (
    Page(path=HOME, role=Role.VIEWER, handler=overview.home),
    Page(path=f"{HOME}/sign-out", role=Role.VIEWER, handler=_out, post=True),
    Page(path=f"{HOME}/users", role=Role.ADMIN, handler=deciding.users),
    Page(path=f"{HOME}/users", role=Role.ADMIN, handler=deciding.change_user, post=True),
    Page(path=PORTAL, role=Role.VIEWER, handler=overview.overview),
    Page(path=PORTAL + "/count", role=Role.VIEWER, handler=overview.count_anew, post=True),
    Page(path=PORTAL + "/discrepancies", role=Role.VIEWER, handler=overview.discrepancies),
    Page(path=PORTAL + "/pushes", role=Role.VIEWER, handler=overview.pushes),
    Page(path=PORTAL + "/pushes/dry-run", role=Role.DPO, handler=overview.dry_run, post=True),
    Page(path=PORTAL + "/pushes/confirm", role=Role.DPO, handler=overview.confirm, post=True),
    Page(path=PORTAL + "/runs", role=Role.VIEWER, handler=overview.runs),
    Page(path=PORTAL + "/wordings", role=Role.VIEWER, handler=ledger.wordings),
    Page(path=PORTAL + "/wordings/{hash}", role=Role.VIEWER, handler=ledger.one_wording),
    Page(
        path=PORTAL + "/wordings/{hash}",
        role=Role.DPO,
        handler=ledger.invalidate,
        post=True,
        again=ledger.one_wording,
    ),
    Page(path=PORTAL + "/reask", role=Role.DPO, handler=ledger.reask),
    Page(path=PORTAL + "/notices", role=Role.OPERATOR, handler=informing.overview),
    Page(
        path=PORTAL + "/notices/send",
        role=Role.DPO,
        handler=informing.send,
        post=True,
        again=informing.overview,
    ),
    Page(path=PORTAL + "/notices/retry", role=Role.DPO, handler=informing.retry, post=True),
    Page(path=PORTAL + "/retention", role=Role.DPO, handler=leaving.overview),
    Page(path=PORTAL + "/retention", role=Role.DPO, handler=leaving.run, post=True, again=leaving.overview),
    Page(path=PORTAL + "/retention/plan", role=Role.DPO, handler=leaving.plan),
    Page(path=PORTAL + "/access", role=Role.DPO, handler=reach.overview),
    Page(path=PORTAL + "/access", role=Role.DPO, handler=reach.read, post=True),
    Page(
        path=PORTAL + "/access/{number:int}",
        role=Role.DPO,
        handler=reach.justify,
        post=True,
        again=reach.overview,
    ),
    *(
        page
        for place in (PORTAL, PERSON)
        for page in (
            Page(path=place + "/record/no", role=Role.OPERATOR, handler=recording.no_form),
            Page(
                path=place + "/record/no",
                role=Role.OPERATOR,
                handler=recording.record_no,
                post=True,
                again=recording.no_form,
                files=True,
            ),
            Page(path=place + "/record/yes", role=Role.DPO, handler=recording.yes_form),
            Page(
                path=place + "/record/yes",
                role=Role.DPO,
                handler=recording.record_yes,
                post=True,
                again=recording.yes_form,
                files=True,
            ),
        )
    ),
    Page(path=PORTAL + "/log", role=Role.OPERATOR, handler=ledger.log),
    Page(path=PORTAL + "/log", role=Role.OPERATOR, handler=ledger.verify, post=True),
    Page(path=PORTAL + "/reviews", role=Role.OPERATOR, handler=deciding.reviews),
    Page(path=PORTAL + "/reviews/breaker", role=Role.DPO, handler=deciding.ask_breaker, post=True),
    Page(path=PORTAL + "/reviews/{number:int}", role=Role.OPERATOR, handler=deciding.review),
    Page(path=PORTAL + "/reviews/{number:int}", role=Role.DPO, handler=deciding.answer, post=True),
    Page(path=PORTAL + "/requests", role=Role.DPO, handler=desk_pages.requests),
    Page(path=PORTAL + "/requests/{number:int}", role=Role.DPO, handler=desk_pages.request),
    Page(
        path=PORTAL + "/requests/{number:int}",
        role=Role.DPO,
        handler=desk_pages.change_request,
        post=True,
        again=desk_pages.request,
    ),
    Page(path=PORTAL + "/requests/new", role=Role.DPO, handler=desk_pages.new_form),
    Page(
        path=PORTAL + "/requests/new",
        role=Role.DPO,
        handler=desk_pages.add,
        post=True,
        again=desk_pages.new_form,
    ),
    Page(path=PORTAL + "/requests/{number:int}/run", role=Role.DPO, handler=desk_pages.run_form),
    Page(
        path=PORTAL + "/requests/{number:int}/run",
        role=Role.DPO,
        handler=desk_pages.run,
        post=True,
        again=desk_pages.run_form,
    ),
    Page(path=PORTAL + "/documents", role=Role.DPO, handler=documents.documents),
    Page(path=PORTAL + "/documents", role=Role.DPO, handler=documents.make, post=True),
    Page(path=PORTAL + "/documents/report", role=Role.DPO, handler=documents.report, post=True),
    Page(path=PORTAL + "/documents/audience", role=Role.DPO, handler=documents.audience, post=True),
    Page(path=PORTAL + "/documents/list", role=Role.DPO, handler=documents.push_list, post=True),
    Page(path=PORTAL + "/documents/list/forget", role=Role.DPO, handler=documents.forget_list, post=True),
    Page(path=PORTAL + "/exports/{number:int}", role=Role.DPO, handler=documents.file),
    Page(path=PORTAL + "/exports/{number:int}/file", role=Role.DPO, handler=documents.download),
    Page(path=PORTAL + "/exports/{number:int}/manifest", role=Role.DPO, handler=documents.manifest),
    Page(path=PORTAL + "/exports", role=Role.DPO, handler=deciding.exports),
    Page(path=PORTAL + "/exports/{number:int}", role=Role.DPO, handler=deciding.destroy, post=True),
    Page(path=PORTAL + "/search", role=Role.OPERATOR, handler=people.search_form),
    Page(path=PORTAL + "/search", role=Role.OPERATOR, handler=people.search, post=True),
    Page(path=PERSON, role=Role.OPERATOR, handler=people.person),
    Page(path=PERSON + "/receipt", role=Role.OPERATOR, handler=people.receipt),
    Page(path=PERSON + "/documents", role=Role.DPO, handler=documents.for_person),
    Page(path=PERSON + "/documents", role=Role.DPO, handler=documents.make_for_person, post=True),
    Page(path=PERSON + "/withdraw", role=Role.OPERATOR, handler=people.withdraw, post=True),
    Page(path=PERSON + "/restrict", role=Role.OPERATOR, handler=people.restrict, post=True),
    Page(path=PERSON + "/unrestrict", role=Role.DPO, handler=people.unrestrict, post=True),
    Page(path=PERSON + "/hold", role=Role.DPO, handler=people.hold, post=True),
    Page(path=PERSON + "/erase", role=Role.DPO, handler=people.erase_plan),
    Page(path=PERSON + "/erase", role=Role.DPO, handler=people.erase, post=True),
    Page(path=PERSON + "/annul", role=Role.DPO, handler=people.annul, post=True),
    Page(path=PERSON + "/rectify", role=Role.DPO, handler=correcting.form),
    Page(
        path=PERSON + "/rectify",
        role=Role.DPO,
        handler=correcting.rectify,
        post=True,
        again=correcting.form,
    ),
    Page(path=PERSON + "/send-receipt", role=Role.DPO, handler=correcting.receipt_form),
    Page(
        path=PERSON + "/send-receipt",
        role=Role.DPO,
        handler=correcting.send_receipt,
        post=True,
        again=correcting.receipt_form,
    ),
)


@dataclass(frozen=True, slots=True)
class Lasting:
    """What outlives a change of the portals: who guessed passwords, and files that are being made."""

    throttle: Throttle
    makings: Makings


def dashboard_of(
    site: Site, seed: bytes, lent: Lent, workshop: Workshop, lasting: Lasting
) -> list[BaseRoute]:
    """All of them, for the portals of a site. `seed` is the signing key's: logs are checked with it.

    `workshop`: where figures are counted and files are made, beside the pages.
    """
    journals = {
        desk.portal: Journal(
            mirror=desk.mirror, portal=desk.portal, name=desk.name, seed=seed, clock=site.clock
        )
        for desk in site.desks.values()
    }
    figures = Figures(lent.told, site.clock, workshop)
    office = Office(site, journals, lasting.throttle, lent, figures, lasting.makings)
    return routes_of(office, PAGES) if journals else []
