"""The forms that a sandbox portal begins with: one of each kind of legal consent (hubspot-api, 11)."""

from typing import Any

from connector.sandbox.profiles import EVENTS, NEWSLETTER, OFFERS

Document = dict[str, Any]
#: The form that the made-up people who came by form have sent.
SIGN_UP = "Newsletter: sign-up"


def _boxes(*rows: tuple[int, str]) -> list[Document]:
    return [{"subscriptionTypeId": number, "label": label, "required": False} for number, label in rows]


_PRIVACY = "Du kan när som helst återkalla ditt samtycke. Läs mer på www.example.com/privacy."
DEFAULTS: dict[str, Document] = {
    SIGN_UP: {
        "type": "explicit_consent_to_process",
        "communicationConsentText": "Exempel AB skickar utskick via e-post till dig som säger ja till:",
        "communicationsCheckboxes": _boxes(
            (NEWSLETTER, "Ja, Exempel AB får skicka nyhetsbrevet till mig via e-post."),
            (OFFERS, "Ja, Exempel AB får skicka erbjudanden till mig via e-post."),
            (EVENTS, "Ja, Exempel AB får skicka inbjudningar till mig via e-post."),
        ),
        "consentToProcessText": "För att kunna skicka det du ber om behöver vi spara dina uppgifter.",
        "consentToProcessCheckboxLabel": "Jag samtycker till att Exempel AB sparar mina uppgifter.",
        "consentToProcessFooterText": "Uppgifterna sparas så länge du prenumererar.",
        "privacyText": _PRIVACY,
    },
    "Webinar: registration": {
        "type": "implicit_consent_to_process",
        "communicationConsentText": "Exempel AB would like to invite you to further webinars by e-mail.",
        "communicationsCheckboxes": _boxes((EVENTS, "Yes, send me invitations by e-mail.")),
        "consentToProcessText": "By clicking submit you allow us to store your details for this webinar.",
        "privacyText": "You can unsubscribe at any time. See www.example.com/privacy.",
    },
    "Price list: download": {
        "type": "legitimate_interest",
        "lawfulBasis": "lead",
        "subscriptionTypeIds": [OFFERS],
        "privacyText": "We use your details to contact you about our products. See www.example.com/privacy.",
    },
    "Contact us": {"type": "none"},
}
FIELDS = (("email", "E-post"), ("firstname", "Förnamn"), ("lastname", "Efternamn"))
CONFIGURATION: Document = {
    "language": "sv",
    "cloneable": True,
    "editable": True,
    "archivable": True,
    "recaptchaEnabled": False,
    "createNewContactForNewEmail": True,
    "prePopulateKnownValues": False,
    "allowLinkToResetKnownValues": False,
    "notifyContactOwner": False,
    "notifyRecipients": [],
    "lifecycleStages": [],
    "postSubmitAction": {"type": "thank_you", "value": "Tack!"},
}
DISPLAY: Document = {
    "renderRawHtml": False,
    "theme": "default_style",
    "submitButtonText": "Skicka",
    "style": {
        "fontFamily": "arial, helvetica, sans-serif",
        "backgroundWidth": "100%",
        "labelTextColor": "#33475b",
        "labelTextSize": "11px",
        "helpTextColor": "#7C98B6",
        "helpTextSize": "11px",
        "legalConsentTextColor": "#33475b",
        "legalConsentTextSize": "14px",
        "submitColor": "#ff7a59",
        "submitAlignment": "left",
        "submitFontColor": "#ffffff",
        "submitSize": "12px",
    },
}


def field_group(name: str, label: str) -> Document:
    made: Document = {
        "objectTypeId": "0-1",
        "name": name,
        "label": label,
        "required": name == "email",
        "hidden": False,
        "fieldType": "email" if name == "email" else "single_line_text",
        "dependentFields": [],
    }
    if name == "email":
        made["validation"] = {"blockedEmailDomains": [], "useDefaultBlockList": False}
    return {"groupType": "default_group", "richTextType": "text", "fields": [made]}
