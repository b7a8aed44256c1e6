"""HubSpot's time beside ours (consent-domain 4: later, tie, none; rows 39 and 40: the future)."""

from connector.consent.situation import Time


def relation(th: int | None, reference: int | None, sigma_ms: int, recorded_at: int) -> Time:
    """How `th`, a time that HubSpot gave, relates to the mirror's `reference`; all in ms UTC.

    Without a reference there is nothing to be earlier than: LATER. A difference of exactly sigma is a tie.
    """
    if th is None:
        return Time.NONE
    if th > recorded_at + sigma_ms:
        return Time.FUTURE
    if reference is None or th > reference + sigma_ms:
        return Time.LATER
    return Time.EARLIER if th + sigma_ms < reference else Time.TIE
