"""What can be switched: every point that HubSpot's documentation leaves open ([?] in hubspot-api.md), and the
portal's plan, limits and speed.

A product that is right must be right with both values of each switch.
"""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Literal, get_args, get_type_hints


class Tier(StrEnum):
    """The account's plan: it sets limits and which scopes a token can have (hubspot-api, 2 and 3)."""

    STARTER = "starter"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"


#: Calls per rolling 10 s and app, and calls per day and account (hubspot-api, 3).
BURST = {Tier.STARTER: 100, Tier.PROFESSIONAL: 190, Tier.ENTERPRISE: 190}
DAILY = {Tier.STARTER: 250_000, Tier.PROFESSIONAL: 625_000, Tier.ENTERPRISE: 1_000_000}

Unseen = Literal["not_specified", "empty", "not_found"]
V3Refusal = Literal["error", "silent"]
JournalAged = Literal["not_found", "bad_request", "silent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Switches of one portal; the defaults are the reading of the documents that is hardest on a client
    where they say nothing, and what peers saw on live portals where somebody looked."""

    #: Enforce burst, daily and search limits. Off for benchmarks of the client alone.
    limits: bool = True
    #: Calls per 10 s and app; 0 means the plan's own number.
    burst_limit: int = 0
    #: Calls per day and account; 0 means the plan's own number.
    daily_limit: int = 0
    #: Searches per second and account (hubspot-api, 3: 5).
    search_limit: int = 5
    #: A 429 carries `Retry-After` in seconds. Not promised for REST (hubspot-api, 3; quirk 40).
    retry_after: bool = False
    #: Milliseconds before each answer leaves; calls wait side by side, not in a row.
    latency_ms: int = 0
    #: Milliseconds until search sees a change (hubspot-api, 6: "a few moments").
    search_lag_ms: int = 0
    #: The portal's time zone: the daily counter resets at its midnight.
    time_zone: str = "Europe/Stockholm"
    #: `dataHostingLocation` of the account details.
    hosting: str = "eu1"

    #: [?] 6: does a change of a subscription status move the contact's `lastmodifieddate`?
    preference_moves_modified: bool = False
    #: [?] 8.1: what an address answers that no contact has and nobody ever set a status for.
    unseen_address: Unseen = "not_specified"
    #: [?] quirk 26: a contact's address without any status: rows NOT_SPECIFIED, or no rows.
    untouched_rows: bool = True
    #: [?] 8.1: do the rows of the single types say UNSUBSCRIBED while the address is opted out of all?
    wide_shows_in_types: bool = True
    #: [?] 8.1: does an opt-out of all also set each `hs_email_optout_<id>`?
    wide_sets_type_properties: bool = False
    #: [?] 8.2: does SUBSCRIBED for one type lift an opt-out of all?
    subscribe_lifts_wide: bool = True
    #: [?] 8.2: when it does, do the other types become again what they were before (or stay UNSUBSCRIBED)?
    lifting_revives_others: bool = False
    #: [?] 8.2: does a batch write override an earlier opt-out?
    batch_write_resubscribes: bool = True
    #: 8.2: do single dated and v4 writes override an earlier opt-out? (documented: yes)
    dated_write_resubscribes: bool = True
    #: 8.2: do dated writes of SUBSCRIBED demand legal basis and explanation? (a peer on a live portal: no)
    dated_needs_basis: bool = False
    #: 8.2: does v3 subscribe demand them? (the same peer: yes)
    v3_needs_basis: bool = True
    #: quirk 28: v3 subscribe of someone who opted out: 400, or 200 and nothing changes.
    v3_refusal: V3Refusal = "error"
    #: Does a status write accept NOT_SPECIFIED? (the public enum names it)
    write_not_specified: bool = True
    #: [?] 8.1: most inputs of a status batch; more is a 400.
    status_batch_max: int = 100
    #: quirk 24: does a status belong to the address as it was spelled instead of to its lower case?
    case_sensitive_addresses: bool = False

    #: [?] 7: does a privacy delete clear the address's statuses?
    erase_clears_preferences: bool = False
    #: [?] 7: does an erased id still show with `archived=true` (until the purge)?
    erased_shows_archived: bool = False
    #: 7: does the blocklist also stop the API and forms? (knowledge base: no)
    blocklist_stops_api: bool = False
    #: [?] 5: does a merged loser's id answer with its winner?
    merged_id_resolves: bool = True
    #: 5: does a merge make a third record as winner? (sometimes seen: webhook field `newObjectId`)
    merge_makes_new_record: bool = False
    #: 5: does archiving move `lastmodifieddate`? (peers: no)
    archive_moves_modified: bool = False
    #: Properties that the portal's administrator made required; dated creates enforce them (hubspot-api, 1).
    required_properties: tuple[str, ...] = ()
    #: Do v3 creates enforce them too? (a peer: no)
    v3_enforces_required: bool = False
    #: Longest query of a URL; beyond it 414 (hubspot-api, 4; peers split at 15,000 characters, quirk 11).
    url_max: int = 16_384
    #: [?] 12: most record ids of one list membership call.
    list_batch_max: int = 500
    #: [?] 13.3: what the journal answers for an offset that is older than it keeps; silent: it goes on with
    #: the oldest that it has.
    journal_aged: JournalAged = "not_found"
    #: [?] 13.3: does the journal tell of `hs_email_optout` and its sisters?
    journal_opt_outs: bool = False
    #: [?] 13.1: can `contact.propertyChange` be about them? (one old thread shows it; another says no)
    webhook_opt_outs: bool = True
    #: quirk 31: a property that a workflow of the portal writes when one of them changed; empty: none does.
    opt_out_workflow: str = ""

    def changed(self, **values: Any) -> "Options":
        """The same with some switches set anew. ValueError names an unknown switch or a bad value."""
        for name, value in values.items():
            _check(name, value)
        tidy: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return replace(self, **tidy)


_TYPES = get_type_hints(Options)


def _check(name: str, value: object) -> None:
    if name not in {field.name for field in fields(Options)}:
        raise ValueError(f"unknown option {name!r}")
    kind = _TYPES[name]
    choices = get_args(kind)
    if choices and isinstance(choices[0], str):
        good = value in choices
    elif choices:
        good = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    else:
        good = type(value) is kind
    if not good:
        raise ValueError(f"option {name!r} does not take {value!r}")
