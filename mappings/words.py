"""HubSpot's words as HubSpot spells them (hubspot-api, sections 8 and 9)."""

from enum import StrEnum


class Status(StrEnum):
    """What HubSpot holds for one (address, subscription type)."""

    SUBSCRIBED = "SUBSCRIBED"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    NOT_SPECIFIED = "NOT_SPECIFIED"


class WideType(StrEnum):
    """How wide an opt-out of everything reaches."""

    PORTAL_WIDE = "PORTAL_WIDE"
    BUSINESS_UNIT_WIDE = "BUSINESS_UNIT_WIDE"


class LegalBasis(StrEnum):
    """HubSpot's basis to *communicate*, kept per (address, subscription type)."""

    LEGITIMATE_INTEREST_PQL = "LEGITIMATE_INTEREST_PQL"
    LEGITIMATE_INTEREST_CLIENT = "LEGITIMATE_INTEREST_CLIENT"
    LEGITIMATE_INTEREST_OTHER = "LEGITIMATE_INTEREST_OTHER"
    PERFORMANCE_OF_CONTRACT = "PERFORMANCE_OF_CONTRACT"
    CONSENT_WITH_NOTICE = "CONSENT_WITH_NOTICE"
    NON_GDPR = "NON_GDPR"
    PROCESS_AND_STORE = "PROCESS_AND_STORE"


class WriteOutcome(StrEnum):
    """`setStatusSuccessReason`: what a status write did."""

    NO_STATUS_CHANGE = "NO_STATUS_CHANGE"
    REQUESTED_CHANGE_OCCURRED = "REQUESTED_CHANGE_OCCURRED"
    RESUBSCRIBE_OCCURRED = "RESUBSCRIBE_OCCURRED"
    UNSUBSCRIBE_FROM_ALL_OCCURRED = "UNSUBSCRIBE_FROM_ALL_OCCURRED"


CHANNEL = "EMAIL"  # the only channel HubSpot's preferences have (HA 8)

EMAIL = "email"
ADDITIONAL_EMAILS = "hs_additional_emails"  # semicolon list
OPTED_OUT_OF_ALL = "hs_email_optout"
OPTED_OUT_OF = "hs_email_optout_"  # + subscription id
PROCESSING_BASIS = "hs_legal_basis"  # basis to *process*; never a consent to be mailed
MODIFIED = "lastmodifieddate"
CREATED = "createdate"
OBJECT_SOURCE = "hs_object_source"
OBJECT_SOURCE_LABEL = "hs_object_source_label"
OBJECT_SOURCE_ID = "hs_object_source_id"
CONVERSION_NAME = "recent_conversion_event_name"
MERGED_IDS = "hs_merged_object_ids"
RECENT_CONVERSION = "recent_conversion_date"
LANGUAGE = "hs_language"
LAST_SENT = "hs_email_last_send_date"  # of a marketing e-mail; the name of the mail beside it
LAST_MAIL = "hs_email_last_email_name"
