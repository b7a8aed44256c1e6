"""What a person saw, as canonical bytes; and what a text lacks."""

import unicodedata
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.consent.lint import WORDS, Flaw, Text, lint
from connector.consent.wordings import canonical, definition, form_of, language_of, notice_of, shown
from mappings.purposes import Purpose
from mappings.records import ConsentText, FormDefinition

NEWS = Purpose(key="newsletter", subscription_id=101, title={"sv": "Nyhetsbrev", "en": "Newsletter"})


def form(*texts: ConsentText, kind: str = "explicit_consent_to_process") -> FormDefinition:
    return FormDefinition(id="f", name="Sign up", form_type="hubspot", consent_type=kind, texts=texts)


BOX = ConsentText(kind="communicationsCheckboxes", text="Ja, skicka nyhetsbrevet.", subscription=101)
SAYS = ConsentText(kind="communicationConsentText", text="Exempel AB\r\nskickar:")
PRIVACY = ConsentText(kind="privacyText", text="Läs mer på www.example.com/privacy.")
LABEL = ConsentText(kind="consentToProcessCheckboxLabel", text="Spara mina uppgifter.")


def test_the_layout_is_what_docs_evidence_says() -> None:
    found = shown(form(SAYS, BOX, LABEL, PRIVACY), 101)
    assert found is not None
    assert found.wording.decode() == (
        "Exempel AB\nskickar:\n\n☐ Ja, skicka nyhetsbrevet.\n\n☐ Spara mina uppgifter.\n"
    )
    assert (found.notice or b"").decode() == "Läs mer på www.example.com/privacy.\n"
    assert found.language == "sv"


@pytest.mark.parametrize(
    ("made", "subscription"),
    [
        pytest.param(form(SAYS, BOX), 102, id="no box of that type"),
        pytest.param(
            form(SAYS, BOX, kind="legitimate_interest"), 101, id="legitimate interest is no consent"
        ),
        pytest.param(form(SAYS, BOX, kind="none"), 101, id="no consent on the form"),
        pytest.param(
            form(ConsentText(kind="communicationsCheckboxes", text=" ", subscription=101)), 101, id="no label"
        ),
    ],
)
def test_without_a_box_nobody_was_asked(made: FormDefinition, subscription: int) -> None:
    assert shown(made, subscription) is None


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_canonical_text_is_canonical(text: str) -> None:
    once = canonical(text)
    assert canonical(once.decode()) == once
    assert b"\r" not in once
    assert unicodedata.is_normalized("NFC", once.decode())


def test_a_definition_makes_the_same_texts_again() -> None:
    made = form(SAYS, BOX, PRIVACY)
    again = form_of(definition(made))
    assert shown(again, 101) == shown(made, 101)
    assert notice_of(again) == notice_of(made)
    assert sha256(definition(again)).digest() == sha256(definition(made)).digest()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ja, jag vill att Exempel AB skickar nyhetsbrev till mig.", "sv"),
        ("Yes, send me the newsletter by e-mail.", "en"),
        ("Newsletter", None),
        ("", None),
    ],
)
def test_the_language_is_told_or_left_open(text: str, language: str | None) -> None:
    assert language_of(text) == language


GOOD = "Ja, Exempel AB får skicka nyhetsbrevet till mig. Jag kan när som helst återkalla mitt samtycke."
LINK = "Läs mer på www.example.com/privacy."


@pytest.mark.parametrize(
    ("wording", "notice", "lacks"),
    [
        pytest.param(GOOD, LINK, [], id="whole"),
        pytest.param(GOOD.replace("Exempel AB", "vi"), LINK, [Flaw.CONTROLLER], id="no controller"),
        pytest.param(GOOD.replace("nyhetsbrevet", "något"), LINK, [Flaw.PURPOSE], id="no purpose"),
        pytest.param(
            "Ja, Exempel AB får skicka nyhetsbrev till mig.", LINK, [Flaw.WITHDRAW], id="no way back"
        ),
        pytest.param(GOOD, "", [Flaw.NOTICE], id="no link"),
        pytest.param(
            GOOD, "Read more at www.example.com/privacy and be happy with us.", [Flaw.LANGUAGE], id="two"
        ),
        pytest.param(
            "OK", "", [Flaw.CONTROLLER, Flaw.PURPOSE, Flaw.WITHDRAW, Flaw.NOTICE, Flaw.LANGUAGE], id="all"
        ),
    ],
)
def test_what_a_wording_lacks(wording: str, notice: str, lacks: list[Flaw]) -> None:
    assert lint(Text(wording=wording, notice=notice), "Exempel AB", NEWS, ("sv", "en")) == lacks


def test_every_flaw_is_told_in_both_languages() -> None:
    assert all(set(WORDS[flaw]) == {"sv", "en"} for flaw in Flaw)
