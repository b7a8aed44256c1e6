"""The report's words in English (glossary: consent-domain 11)."""

from collections.abc import Mapping
from typing import Final

from connector.report.discrepancies import Kind
from connector.report.words import KindWords, Words

KINDS: Final[Mapping[Kind, KindWords]] = {
    Kind.ERASED_REAPPEARED: KindWords(
        "Erased person is in HubSpot again",
        "Erased, back again",
        "HubSpot holds data about someone who was erased and is on the suppression list; nothing was stored "
        "here.",
        "Find the form, import or system that added the person again, stop it at the source and erase the "
        "contact "
        "in HubSpot.",
        "consent-mirror review list",
    ),
    Kind.RESUBSCRIBED_AGAINST_NO: KindWords(
        "Resubscribed against a no",
        "Resubscribed against a no",
        "HubSpot showed SUBSCRIBED for someone who has said no; the no stands and the person is unsubscribed "
        "again.",
        "Find out who or what resubscribed them (a colleague, an import or an app) and stop it at the "
        "source.",
        "consent-mirror person show ADDRESS",
    ),
    Kind.MAILED_AFTER_NO: KindWords(
        "Mailed after a no",
        "Mailed after a no",
        "A marketing e-mail left HubSpot after the person had said no to it; the name of the mail stands "
        "beside "
        "the purpose.",
        "Find out why the no did not stop the mail (sent as transactional, queued before, another tool), "
        "stop it "
        "there, and answer the person if they complain.",
        "consent-mirror person show ADDRESS",
    ),
    Kind.MAILED_WITHOUT_CONSENT: KindWords(
        "Mailed without consent",
        "Mailed without consent",
        "A marketing e-mail left HubSpot for a purpose that neither a consent, a customer relation nor a "
        "claim "
        "carried.",
        "Check the list that the mail was sent to, and record the consent if there is evidence; otherwise "
        "take "
        "the person off the list.",
        "consent-mirror audience PURPOSE",
    ),
    Kind.OPTOUT_NOT_CONFIRMED: KindWords(
        "Opt-out not yet confirmed by HubSpot",
        "Opt-out not confirmed",
        "Someone said no, but HubSpot has not yet shown that the no applies there; after one hour it is an "
        "alarm.",
        "Send it again now. If it still does not arrive, unsubscribe the person by hand in HubSpot and run "
        "doctor.",
        "consent-mirror sync",
    ),
    Kind.BREAKER_OPEN: KindWords(
        "The breaker has tripped",
        "Breaker",
        "Unusually many changes came at once: erasures and new subscriptions wait until a person has looked, "
        "while "
        "every no still goes through.",
        "Check whether the changes are meant before anything is approved.",
        "consent-mirror status",
    ),
    Kind.REQUEST_DUE: KindWords(
        "A person's request must be answered soon",
        "Request to answer",
        "Somebody asked for access, rectification, erasure, restriction or portability, or objected, and "
        "twenty days have gone by; the answer is due within one month.",
        "Answer it, or extend it by two months with a reason before the first month is over.",
        "consent-mirror requests list --due",
    ),
    Kind.RECIPIENT_NOT_TOLD: KindWords(
        "Recipient has not confirmed",
        "Recipient not told",
        "An erasure, rectification or restriction has to reach every recipient of the data; one "
        "has not confirmed within a day.",
        "Check the recipient's address and secret, or tell them in another way.",
        "consent-mirror sync",
    ),
    Kind.WAITING_FOR_REVIEW: KindWords(
        "Waiting for review",
        "Waiting for review",
        "The rules cannot settle the case; nothing is sent to the person until somebody has decided.",
        "Read the question and decide.",
        "consent-mirror review list",
    ),
    Kind.CLEARED_IN_HUBSPOT: KindWords(
        "Status cleared in HubSpot",
        "Status cleared",
        "HubSpot no longer shows an answer from someone whose answer is in the mirror; a no is written back, "
        "and a "
        "yes is not used until somebody has looked.",
        "Find out why the status was cleared: it may be a no that was recorded badly.",
        "consent-mirror person show ADDRESS",
    ),
    Kind.CHANGED_WITHOUT_ACT: KindWords(
        "Changed in HubSpot without an act of the person",
        "Changed by others",
        "A colleague, an import or an app changed the status, and nothing shows that the person asked for "
        "it.",
        "Find out who made the change and why; where there is evidence, record it.",
        "consent-mirror person show ADDRESS",
    ),
    Kind.UNKNOWN_VALUE: KindWords(
        "Unknown value from HubSpot",
        "Unknown value",
        "HubSpot answered with a value that the product does not know; the person gets no mailings until it "
        "is clear.",
        "Check the connection and update Consent Mirror.",
        "consent-mirror doctor",
    ),
    Kind.NOTICE_OVERDUE: KindWords(
        "Not told in time that we hold their data",
        "Notice overdue",
        "The data came from elsewhere, and the month in which the person has to be told (Art. 14) is over.",
        "Send the notice; where no mail can go, tell the person in another way and record it.",
        "consent-mirror notices send",
    ),
    Kind.LETTER_REFUSED: KindWords(
        "Letter to a person refused",
        "Letter refused",
        "The mail server will not take a notice, a receipt or an answer to this person; they do not have it.",
        "Check the address with the person or answer in another way; `notices retry` tries once more.",
        "consent-mirror notices retry",
    ),
    Kind.CHECKPOINT_NOT_COPIED: KindWords(
        "Checkpoint not copied to its place",
        "Checkpoint not copied",
        "The log is signed here, but the copy that would find a cut-off log is not where it should be.",
        "Mend the folder, the repository or the mail path; it is tried again by itself.",
        "consent-mirror doctor",
    ),
    Kind.NO_MAIL_PATH: KindWords(
        "Night without a report",
        "Night without report",
        "The report could not be sent, because the mail server did not take it or nothing was running.",
        "Check the mail server, the password and the recipients.",
        "consent-mirror doctor",
    ),
    Kind.WORDING: KindWords(
        "Flaw in a consent wording",
        "Flaw in a wording",
        "A text that people say yes to lacks something required, or was changed without a new version.",
        "Correct the text and register it as a new version.",
        "consent-mirror wording lint",
    ),
    Kind.EXPORT_OVERDUE: KindWords(
        "File with personal data kept too long",
        "File kept too long",
        "A file with personal data that was written from here should have been destroyed by now.",
        "Destroy it; where it was moved or changed, find every copy, destroy them and say so with --gone.",
        "consent-mirror exports list --overdue",
    ),
    Kind.RETENTION_UNKNOWN: KindWords(
        "No day to be erased on",
        "No day to be erased on",
        "For some people the date that a retention rule counts from is unknown: they are never erased by "
        "the rule.",
        "See who they are and give them a reason to stay or go: a rule after first_seen, or an erasure.",
        "consent-mirror retention plan",
    ),
    Kind.ACCESS_UNJUSTIFIED: KindWords(
        "Access that nobody has justified",
        "Access without motive",
        "Somebody or something can reach the register, and there is no motive, the day to look at it again "
        "has "
        "come, or a file can be read by others.",
        "Say why it has access and until when, or take the access away.",
        "consent-mirror access",
    ),
    Kind.ACCESS_DORMANT: KindWords(
        "Access that is not used",
        "Dormant access",
        "Somebody can sign in to HubSpot and has not done so for long.",
        "Ask whether the access is still needed; remove the user in HubSpot if not.",
        "consent-mirror access",
    ),
    Kind.STATUS_WITHOUT_EVIDENCE: KindWords(
        "Status without evidence",
        "Status without evidence",
        "HubSpot shows a yes, but no evidence proves the consent; it counts as a claim and gives no right to "
        "mail.",
        "Find the evidence and record it; where there is none, do not use the status.",
        "consent-mirror inventory",
    ),
    Kind.MISSING_IN_HUBSPOT: KindWords(
        "Missing in HubSpot",
        "Missing in HubSpot",
        "The contact is no longer in HubSpot; what the person answered stays in the mirror and every no "
        "still applies.",
        "Check whether the contact was removed on purpose; if the person asked for erasure, erase them here "
        "too.",
        "consent-mirror person show ADDRESS",
    ),
}

STATES: Final = {
    "GRANTED": "Consent",
    "SOFT_OPTIN": "Existing customer",
    "WITHDRAWN": "Withdrawn",
    "DENIED": "Refused",
    "CLAIMED": "Claim",
    "PENDING": "Awaiting confirmation",
    "EXPIRED": "Expired",
    "INVALIDATED": "Invalid",
    "UNKNOWN": "Unknown",
}

BASES: Final = {
    "consent": "consent",
    "soft_optin": "existing customer relation",
    "contract": "contract",
    "legal_obligation": "legal obligation",
    "vital": "vital interest",
    "public_task": "public task",
    "legitimate_interest": "legitimate interest",
    "none": "no legal basis",
}

TEXTS: Final = {
    "title": "Discrepancy report",
    "subject_none": "No discrepancies",
    "subject_urgent": "{urgent} to act on now: {worst}",
    "subject_calm": "{worst}",
    "subject_counts": "{total} discrepancies, {new} of them new",
    "subject_counts_one": "1 discrepancy",
    "lead_none": "No discrepancies between HubSpot and the mirror.",
    "lead_calm": "Nothing has to be acted on now.",
    "lead_urgent_one": "1 discrepancy has to be acted on now.",
    "lead_urgent": "{urgent} discrepancies have to be acted on now.",
    "lead_counts": "In all {total}: new {new}, unchanged {unchanged}. Resolved since the last "
    "report: {resolved}.",
    "lead_first": "This is the first report: all discrepancies count as new.",
    "late": "A no has waited {age} for HubSpot's confirmation.",
    "nothing_read": "Nothing has been read from HubSpot yet.",
    "stale": "HubSpot was last read {age} ago.",
    "missed": "The report could not be sent on these nights: {nights}.",
    "urgency_act": "Act now",
    "urgency_look": "Look at",
    "urgency_know": "For information",
    "overview": "Discrepancies",
    "kind": "Discrepancy",
    "count": "Count",
    "new": "New",
    "unchanged": "Unchanged",
    "resolved": "Resolved",
    "oldest": "Oldest",
    "details": "What it is and what to do",
    "do": "What to do",
    "command": "Command",
    "person": "Person",
    "contact": "Contact",
    "purpose": "Purpose",
    "since": "Since",
    "more": "and {count} more.",
    "more_cut": "and {count} more. Attachment and --json give details of the first {limit} only.",
    "all_resolved": "No longer there. Resolved since the last report: {count}.",
    "mark_new": "new",
    "the_portal": "the whole portal",
    "charts": "Charts",
    "no_charts": "The charts could not be drawn tonight. The figures below are complete.",
    "chart_states": "Consent states over time, all purposes",
    "chart_states_one": "Consent states today, all purposes",
    "chart_kinds": "Discrepancies by kind",
    "as_of": "Data as of",
    "last_pull": "Changes last read",
    "last_sweep": "All contacts last read",
    "never": "never",
    "contacts": "Contacts in the mirror",
    "coverage": "How old what we know of each purpose is",
    "coverage_value": "{share} read in full ({read} of {total}), the oldest {oldest}.",
    "coverage_fresh": "{share} read in full ({read} of {total}).",
    "coverage_ages": "Within a day {day}, a week {week}, a month {month}, longer ago {older}, never {never}.",
    "coverage_noes": "Of those never read, {count} have said no: that is known and kept.",
    "coverage_noes_one": "Of those never read, one has said no: that is known and kept.",
    "coverage_mailable": "Of the {count} who may be mailed, the oldest was read {oldest}.",
    "coverage_mailable_one": "The one who may be mailed was read {oldest}.",
    "sendable": "May be mailed",
    "sendable_value": "{count} people",
    "sendable_one": "{count} person",
    "all_marketing": "All marketing",
    "states": "States by purpose",
    "state": "State",
    "basis": "Legal basis",
    "grade": "Evidence grade",
    "standing": "Now",
    "work_first": "Since the beginning",
    "work": "Since the last report",
    "withdrawals": "New noes",
    "latency": "From a no to confirmed in HubSpot",
    "latency_value": "half within {p50}, 95% within {p95}; {over} took an hour or more",
    "latency_none": "no confirmed noes",
    "pushed": "Writes to HubSpot",
    "confirmed": "Confirmed by HubSpot",
    "pending": "Waiting for HubSpot",
    "pending_value": "{count}, of which {noes} noes; oldest {age}",
    "erased": "People erased",
    "reviews": "Waiting for review",
    "breaker": "Breaker",
    "breaker_closed": "not tripped",
    "calls": "Calls to HubSpot",
    "log": "The log",
    "entries": "Entries",
    "root": "Root",
    "checkpoint": "Last checkpoint",
    "checkpoint_value": "{at}, at entry {size}",
    "verify": "Verify the log with: {command}",
    "attachment": "The attachment {name} holds all discrepancies with masked addresses.",
    "sheet_urgency": "Urgency",
    "sheet_title": "Discrepancy",
    "sheet_kind": "Kind",
    "sheet_new": "New",
    "sheet_person": "Person",
    "sheet_contact": "Contact in HubSpot",
    "sheet_subject": "Subject reference",
    "sheet_purpose": "Purpose",
    "sheet_since": "Since (UTC)",
    "sheet_hours": "Age in hours",
    "sheet_row": "Rule",
    "sheet_reference": "Reference",
    "sheet_do": "What to do",
    "sheet_command": "Command",
    "everything": "All discrepancies: {command}",
    "footer": "Sent automatically by Consent Mirror for {controller}. Addresses are masked.",
}

MONTHS: Final = "January February March April May June July August September October November December"

ENGLISH: Final = Words(
    language="en",
    kinds=KINDS,
    states=STATES,
    bases=BASES,
    texts=TEXTS,
    thousands=",",
    decimal=".",
    percent="%",
    units=("d", "h", "min", "s"),
    months=tuple(MONTHS.split()),
)
