"""A receipt made by hand: a proved yes with a no after it, a claim that nobody can prove, and nothing."""

from hashlib import sha256

from connector.consent.events import SUBJECT, Basis, Event, EventType, Grade, Source
from connector.proof.receipt import Act, Matter, Receipt, Shown, gaps_of, since

AT = 1_793_624_710_000  # 2026-11-02T14:25:10Z+1
DAY = 86_400_000
WORDING = (
    "Ja, Exempel AB får skicka nyhetsbrev till mig via e-post.\n"
    "Jag kan när som helst återkalla mitt samtycke.\n\n"
    "  • Läs mer: https://exempel.example/integritet?" + "a" * 90 + "\n"
    "<p>Märkning & <b>taggar</b> visas som de är {{ 1 + 1 }} #let x = 1</p>\n"
)
NOTICE = "Så behandlar vi dina uppgifter.\nÅsa, Örjan och Älva – «integritet»."
HASH = sha256(WORDING.encode()).hexdigest()
NOTICE_HASH = sha256(NOTICE.encode()).hexdigest()

GRANT = Event(
    type=EventType.GRANT,
    id="019a5000000070008000000000000001",
    seq=4,
    recorded_at=AT + 1_000,
    purpose="newsletter",
    basis=Basis.CONSENT,
    t_lo=AT,
    t_hi=AT,
    actor=SUBJECT,
    source=Source.FORM,
    grade=Grade.E2,
    address="aa" * 16,
    wording=HASH,
    notice=NOTICE_HASH,
    language="sv",
    evidence=({"kind": "form_submission", "sha256": "ab" * 32, "stored": True},),
    detail={"form": "7ab2-91", "page": "https://exempel.example/nyhetsbrev"},
)
WITHDRAW = Event(
    type=EventType.WITHDRAW,
    id="019a5000000070008000000000000002",
    seq=9,
    recorded_at=AT + 20 * DAY,
    purpose="*",
    t_lo=AT + 20 * DAY,
    t_hi=AT + 20 * DAY,
    actor=SUBJECT,
    source=Source.PHONE,
)
CLAIM = Event(
    type=EventType.CLAIM,
    id="019a5000000070008000000000000003",
    seq=5,
    recorded_at=AT + DAY,
    purpose="offers",
    source=Source.HUBSPOT,
    address="aa" * 16,
    detail={"status": "SUBSCRIBED", "basis": None, "source": "CRM UI"},
)
SEEN = (("form:7ab2-91", AT - 30 * DAY, AT + DAY),)


def act(event: Event, *, decides: bool = False) -> Act:
    wording = None
    if event.wording:
        wording = Shown(hash=event.wording, text=WORDING, language="sv", seen=SEEN)
    notice = Shown(hash=event.notice, text=NOTICE, language="sv") if event.notice else None
    return Act(
        event=event,
        entry_hash=sha256(event.id.encode()).hexdigest(),
        decides=decides,
        address="åsa@exempel.example",
        wording=wording,
        notice=notice,
        since=since(event, [GRANT, CLAIM, WITHDRAW]),
        gaps=gaps_of(event, wording, notice),
    )


def small() -> Receipt:
    return Receipt(
        controller="Exempel & Söner AB",
        contact="dataskydd@exempel.example",
        portal=62515,
        zone="Europe/Stockholm",
        made_at=AT + 30 * DAY,
        made_by="dora",
        subject="cd" * 16,
        addresses=(("åsa@exempel.example", "primary"), ("asa.old@exempel.example", "past")),
        matters=(
            Matter(
                purpose="newsletter",
                title="Nyhetsbrev",
                state="WITHDRAWN",
                allowed=False,
                reason="withdrawn",
                basis="none",
                acts=(act(GRANT),),
                noes=(WITHDRAW,),
            ),
            Matter(
                purpose="offers",
                title="Erbjudanden",
                state="CLAIMED",
                allowed=False,
                reason="no_proved_consent",
                basis="none",
                acts=(act(CLAIM, decides=True),),
            ),
            Matter(
                purpose="events",
                title="Möten",
                state="UNKNOWN",
                allowed=False,
                reason="no_proved_consent",
                basis="none",
            ),
        ),
        overlay="RESTRICTED",
        log={
            "entries": 12,
            "root": "ef" * 32,
            "checkpoint": {
                "size": 10,
                "at": "2026-11-30T05:00:00.000Z",
                "at_ms": AT + 28 * DAY,
                "root": "ef" * 32,
            },
        },
    )
