"""Reads forms: their texts, what people sent through them, and the v1 timeline of subscription changes.

Texts are read once more after the submissions were listed: a version that is older than a submission and was
read after it was in force, whatever the clocks say. A page of submissions is one transaction with its cursor.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256

import structlog

from connector.acts.desk import Desk
from connector.acts.forms import (
    Noted,
    has_boxes,
    noes_asked,
    noes_settled,
    not_read_since,
    note_submissions,
    see_forms,
    sent_by_somebody,
    settle,
    strangers,
    take_in_timeline,
    waiting_for_confirmation,
)
from connector.acts.tally import Tally
from connector.errors import HubSpotRefused, HubSpotUnreachable, RequestRejected
from jobs.ahead import BATCH
from jobs.backfill import is_backfilled
from jobs.reading import Beat, Reader, still
from mappings.records import FormDefinition, Submission, SubmissionPage, TimelineChange

DAY_MS = 86_400_000
OVERLAP_MS = 3_600_000  # read again each time: a submission may be listed late
BACKDATED_MS = 31 * DAY_MS  # programs may send a form with a time of up to a month ago (HA 11)
TIMELINE_OVERLAP_MS = 300_000
TIMELINE_CURSOR = "timeline"
TIMELINE_MS = 55 * 60_000  # read at most once an hour unless somebody sent a form
GROUP = 200
SINGLES = 4  # addresses of one contact that are read where the plan has no batches

log = structlog.get_logger()


@dataclass(slots=True)
class _Reading:
    """One reading of the forms of a portal."""

    desk: Desk
    tally: Tally
    beat: Beat
    touched: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)  # by the timeline: not decided yet


def read_forms(desk: Desk, tally: Tally, *, beat: Beat = still) -> tuple[int, ...]:
    """Read what is new; ids of the people whom it told something about.

    A portal without forms, or a token without the scope, has none: reading contacts goes on without them.
    Before the first full read nobody is known yet, and nothing is read.
    """
    with desk.mirror.read(desk.portal) as work:
        if not is_backfilled(work):
            return ()
    reading = _Reading(desk, tally, beat)
    if desk.hubspot.capabilities().forms:
        try:
            _read(reading)
        except HubSpotRefused as error:
            log.warning("forms_refused", portal=desk.name, scopes=error.scopes)
    if desk.hubspot.capabilities().timeline:
        _read_timeline(reading)
    settle_forms(desk, tally, reading.told)
    return tuple(sorted(reading.touched | reading.told))


def settle_forms(desk: Desk, tally: Tally, person_ids: Iterable[int]) -> None:
    """Once more for these people, and for sign-ups that wait: HubSpot's statuses may tell more by now."""
    with desk.mirror.read(desk.portal) as work:
        waiting = waiting_for_confirmation(desk, work)
    wanted = sorted({*person_ids, *waiting})
    for start in range(0, len(wanted), GROUP):
        with desk.mirror.write(desk.portal) as work:
            settle(desk, work, wanted[start : start + GROUP], tally)


def settle_noes(desk: Desk, tally: Tally) -> None:
    """The noes that only the timeline tells of, after the statuses were read; what was interrupted waits."""
    with desk.mirror.read(desk.portal) as work:
        asked = noes_asked(work)
    for start in range(0, len(asked), GROUP):
        group = asked[start : start + GROUP]
        with desk.mirror.write(desk.portal) as work:
            # Since the timeline was read, somebody may have been merged: then the no is the winner's.
            heirs = (work.people.living(each) for each in group)
            settle(desk, work, [each.id for each in heirs if each is not None], tally, noes=True)
            noes_settled(work, group)


# --- forms -----------------------------------------------------------------------------------------------


def _read(reading: _Reading) -> None:
    forms = _definitions(reading.desk)
    first = {form.id: page for form in forms if (page := _first_page(reading.desk, form)) is not None}
    new = [form for form in forms if form.id in first and _has_news(reading.desk, form, first[form.id])]
    if new:  # after the submissions were listed
        again = {form.id: form for form in _definitions(reading.desk)}
        for form in new:
            _walk(reading, again.get(form.id, form), first[form.id])


def _definitions(desk: Desk) -> tuple[FormDefinition, ...]:
    forms = desk.hubspot.forms()
    with desk.mirror.write(desk.portal) as work:
        see_forms(desk, work, forms)
    return forms


def _first_page(desk: Desk, form: FormDefinition) -> SubmissionPage | None:
    """None where nobody can say yes on it, and for kinds of form whose submissions HubSpot keeps (HQ 53)."""
    if not has_boxes(desk, form):
        return None
    try:
        return desk.hubspot.submissions(form.id)
    except RequestRejected as error:
        log.info("form_without_submissions", form=form.id, category=error.category)
        return None


# --- how far each form has been read ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """`done`: read down to the beginning from this time on. `top`, `after`: a reading that was interrupted
    began at this time and goes on there. `deep`: when the last month was read again. Times in ms UTC.
    `page`: what the first page looked like: the same page has no news."""

    done: int | None = None
    top: int | None = None
    after: str | None = None
    deep: int = 0
    page: str = ""


def _place(desk: Desk, form: FormDefinition) -> _Place:
    with desk.mirror.read(desk.portal) as work:
        return _Place(**(work.cursors.get(_key(form)) or {}))


def _key(form: FormDefinition) -> str:
    return f"form:{form.id}"


def _has_news(desk: Desk, form: FormDefinition, page: SubmissionPage) -> bool:
    place = _place(desk, form)
    if place.after is not None or _is_deep(desk, place):
        return bool(page.submissions)
    return _looks(page) != place.page


def _is_deep(desk: Desk, place: _Place) -> bool:
    return desk.clock.now() - place.deep >= DAY_MS


def _looks(page: SubmissionPage) -> str:
    told = [f"{each.conversion_id}.{each.submitted_at}" for each in page.submissions]
    return sha256("\n".join(told).encode()).hexdigest()


def _newest(page: SubmissionPage) -> int:
    return max((each.submitted_at or 0 for each in page.submissions), default=0)


def _within(submissions: Sequence[Submission], floor: int | None) -> list[Submission]:
    """Those not older than the floor; undated ones always."""
    if floor is None:
        return list(submissions)
    return [each for each in submissions if each.submitted_at is None or each.submitted_at >= floor]


def _walk(reading: _Reading, form: FormDefinition, first: SubmissionPage) -> None:
    """From the newest down to where the last reading began; then what an interrupted one has left."""
    desk = reading.desk
    place = _place(desk, form)
    deep = _is_deep(desk, place)
    back = BACKDATED_MS if deep else OVERLAP_MS
    known = place.top if place.after is not None else place.done
    top = max(_newest(first), known or 0)
    if place.after is None:
        _go_on(reading, form, first, _floor(known, back), _Place(done=place.done, top=top, deep=place.deep))
    else:
        _go_on(reading, form, first, _floor(known, back), None)
        rest = _left(desk, form, place.after)
        marks = _Place(done=place.done, top=top, deep=place.deep)
        _go_on(reading, form, rest, _floor(place.done, back), marks)
    done = _Place(done=top, deep=desk.clock.now() if deep else place.deep, page=_looks(first))
    _put(desk, form, done)


def _floor(known: int | None, back: int) -> int | None:
    return None if known is None else known - back


def _left(desk: Desk, form: FormDefinition, after: str) -> SubmissionPage:
    """Where it was interrupted; from the newest again where HubSpot no longer knows the place."""
    try:
        return desk.hubspot.submissions(form.id, after)
    except RequestRejected:
        return desk.hubspot.submissions(form.id)


def _go_on(
    reading: _Reading, form: FormDefinition, page: SubmissionPage, floor: int | None, marks: _Place | None
) -> None:
    """Pages from this one on. `marks`: what to keep beside the place of the next page."""
    seen: set[str] = set()
    while True:
        fresh = _within(page.submissions, floor)
        _take(reading, form, fresh)
        if page.after is None or len(fresh) < len(page.submissions):
            return
        if page.after in seen:
            raise _unmoved()
        seen.add(page.after)
        if marks is not None:
            kept = _Place(done=marks.done, top=marks.top, after=page.after, deep=marks.deep)
            _put(reading.desk, form, kept)
        page = reading.desk.hubspot.submissions(form.id, page.after)


def _put(desk: Desk, form: FormDefinition, place: _Place) -> None:
    with desk.mirror.write(desk.portal) as work:
        work.cursors.put(_key(form), asdict(place))


def _unmoved() -> HubSpotUnreachable:
    return HubSpotUnreachable(
        "The list of submissions does not move on.",
        where="forms",
        next_step="Nothing to do: the next run goes on from here.",
    )


def _take(reading: _Reading, form: FormDefinition, submissions: Sequence[Submission]) -> None:
    desk, sent = reading.desk, sent_by_somebody(submissions)
    if not sent:
        return
    with desk.mirror.read(desk.portal) as work:
        unknown = strangers(work, sent, desk.clock.now() - BACKDATED_MS)
    _meet(reading, unknown)
    with desk.mirror.write(desk.portal) as work:
        noted = note_submissions(desk, work, form, sent, reading.tally)
    _refresh(reading, noted)
    with desk.mirror.write(desk.portal) as work:
        settle(desk, work, noted.fresh, reading.tally, always=True)
        settle(desk, work, noted.people.keys() - set(noted.fresh), reading.tally)
    reading.touched.update(noted.fresh)
    reading.beat()


def _refresh(reading: _Reading, noted: Noted) -> None:
    """What HubSpot made of it is read before anything is decided: the statuses, with the proof at hand."""
    desk = reading.desk
    new = {person: noted.people[person] for person in noted.fresh}
    with desk.mirror.read(desk.portal) as work:
        stale = not_read_since(work, new)
    for start in range(0, len(stale), BATCH):
        found, _ = desk.hubspot.contacts_by_id(stale[start : start + BATCH])
        Reader(desk, reading.tally, reading.beat, singles=SINGLES * len(found)).bring_in(found, always=True)


def _meet(reading: _Reading, addresses: Sequence[str]) -> None:
    """People who are new in HubSpot come in as any contact does; nobody without a contact is made."""
    desk = reading.desk
    found = [contact for each in addresses if (contact := desk.hubspot.contact_by_email(each)) is not None]
    if found:
        Reader(desk, reading.tally, reading.beat, singles=SINGLES * len(found)).bring_in(found, always=True)


# --- the v1 timeline -------------------------------------------------------------------------------------


def _read_timeline(reading: _Reading) -> None:
    """Changes since the last reading; it begins with the first. Its loss changes nothing else (HA 10)."""
    desk, now = reading.desk, reading.desk.clock.now()
    with desk.mirror.read(desk.portal) as work:
        since = work.cursors.get(TIMELINE_CURSOR)
    if since is not None and now - since < TIMELINE_MS and not reading.touched:
        return
    try:
        if since is not None:
            for changes in _timeline_pages(desk, since - TIMELINE_OVERLAP_MS, now):
                with desk.mirror.write(desk.portal) as work:
                    reading.told.update(take_in_timeline(desk, work, changes, reading.tally))
    except (HubSpotRefused, RequestRejected, HubSpotUnreachable) as error:
        log.warning("timeline_unread", portal=desk.name, error=error.code)
        return
    with desk.mirror.write(desk.portal) as work:
        work.cursors.put(TIMELINE_CURSOR, now)


def _timeline_pages(desk: Desk, start: int, end: int) -> Iterator[Sequence[TimelineChange]]:
    offset: str | None = None
    seen: set[str] = set()
    while True:
        page = desk.hubspot.timeline(start, end, offset)
        if page.changes:
            yield page.changes
        offset = page.offset
        if offset is None or offset in seen:
            return
        seen.add(offset)
