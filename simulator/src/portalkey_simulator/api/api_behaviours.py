"""Behaviours of the API that no switch changes, and the evidence for them."""

from portalkey_simulator.world.evidence import Behaviour, Evidence

_DOCS = "https://developers.hubspot.com/docs"
_SPEC = "https://github.com/HubSpot/HubSpot-public-api-spec-collection"
_MCP = "https://github.com/bagofwords1/bagofwords"
_SLACK = "https://github.com/hubspotdev/devslackarchive"
_TOKENS = f"{_DOCS}/api-reference/legacy/authentication/manage-oauth-tokens"
_V1 = f"{_DOCS}/api-reference/legacy/authentication/oauth-tokens/v1/guide"
_USERTOUR = "https://github.com/usertour/usertour/pull/490"
_NANGO = "https://github.com/NangoHQ/nango/issues/7664"
_JOURNAL = f"{_DOCS}/api-reference/latest/webhooks-journal/guide"
_UNINSTALL = f"{_SPEC}/blob/main/PublicApiSpecs/CRM/App%20Uninstalls"
_LIMITS = f"{_DOCS}/developer-tooling/platform/usage-guidelines"

DOCUMENTED, CAPTURED, PRESUMED = Evidence.DOCUMENTED, Evidence.CAPTURED, Evidence.PRESUMED

BEHAVIOURS: tuple[Behaviour, ...] = (
    Behaviour(
        "The token endpoints of v3, 2026-03 and 2026-09 answer alike.",
        DOCUMENTED,
        _SPEC,
        because="The specification of 2026-09 has had answers since it is generally available, and "
        "they are those of 2026-03, field by field; its draft of before had none.",
    ),
    Behaviour(
        "Secrets may not stand in the URL; in v1 `client_secret` and `refresh_token` may, and the "
        "other fields stand in the body only.",
        DOCUMENTED,
        _TOKENS,
        because="That the body goes before the URL where a field is in both is presumed.",
    ),
    Behaviour(
        "A field that comes twice counts as missing.",
        PRESUMED,
        "https://www.rfc-editor.org/rfc/rfc6749#section-3.2",
    ),
    Behaviour(
        "`client_credentials` gives a token for the webhooks journal's scopes, and for no other.",
        DOCUMENTED,
        _TOKENS,
        because="That any app may ask for all of them is presumed.",
    ),
    Behaviour(
        "An app on the level of users gets no token from `client_credentials`.", CAPTURED, _MCP
    ),
    Behaviour(
        "Introspection reads the field `token`, and answers `active: false` to what it does not "
        "know, to what is over, and to another app's token.",
        CAPTURED,
        _USERTOUR,
        because="That it is so for another app's token is presumed, as is that "
        "`token_type_hint` changes nothing (RFC 7662 lets it).",
    ),
    Behaviour(
        "Introspection answers `active: false` to an app's own token.",
        PRESUMED,
        because="The specification has answers for access and refresh tokens only.",
    ),
    Behaviour("Revocation answers 200 to every token.", CAPTURED, _USERTOUR),
    Behaviour(
        "A new client secret ends the old one at once, or after the time that is asked for.",
        PRESUMED,
        because="HubSpot's page has a button for a new one, and nothing public says whether the "
        "old one is accepted for a while. Requests to the app are signed by the new one at once.",
    ),
    Behaviour(
        "Refresh tokens of v1 have the prefix of their hublet too, and work in every version.",
        CAPTURED,
        _NANGO,
        because="The examples in v1's guide have no prefix.",
    ),
    Behaviour(
        "v1 tells whoever has a token what it is for, without other credentials.", DOCUMENTED, _V1
    ),
    Behaviour(
        "What is no access token is told so in v1 with HTTP 400.",
        CAPTURED,
        _SLACK,
        because="The HTTP status is presumed, and that it is the same for one past its time.",
    ),
    Behaviour(
        "v1 refuses to tell of an unknown refresh token, as at the token endpoint.", PRESUMED
    ),
    Behaviour("v1 answers 204 to every refresh token that is to end.", PRESUMED, _V1),
    Behaviour("While v1 works, its answers have `Deprecation` and `Sunset` headers.", PRESUMED),
    Behaviour("Once v1 has ended, it answers 410 with the path to use.", PRESUMED),
    Behaviour(
        "An app can uninstall itself: the refresh tokens of all its users in the account end.",
        DOCUMENTED,
        _UNINSTALL,
        because="That it is so for an app on the level of users is presumed.",
    ),
    Behaviour(
        "All calls with an account's token share one limit; searches have another.",
        DOCUMENTED,
        _LIMITS,
        because="That calls without the scope count and those without a token do not is presumed.",
    ),
    Behaviour(
        "Answers tell how many calls are left, but to searches.",
        DOCUMENTED,
        _LIMITS,
        because="The older headers for each second are left out.",
    ),
    Behaviour(
        "Too many calls are answered with 429 and the name of the policy.",
        CAPTURED,
        _SLACK,
        because="`groupName` was seen whole for the ten seconds' limit; for searches it is "
        "presumed. `requestId` is in HubSpot's example.",
    ),
    Behaviour(
        "An unknown id is answered with 404 `OBJECT_NOT_FOUND`.",
        CAPTURED,
        "https://github.com/HubSpot/hubspot-api-nodejs/issues/669",
        because="It was seen for an id that is no number.",
    ),
    Behaviour(
        "What cannot be used is answered with 400 `VALIDATION_ERROR` and the name of the field.",
        PRESUMED,
        because="The category is HubSpot's; its sentences vary, and these are not HubSpot's.",
    ),
    Behaviour(
        "The token of an app on the level of users does no more than its user may.",
        DOCUMENTED,
        f"{_DOCS}/apps/developer-platform/build-apps/authentication/user-level-apps",
        because="The answer to what the user may not is presumed: 403 `MISSING_SCOPES`.",
    ),
    Behaviour(
        "Every account holds a few fictional contacts, companies and deals, to be read only.",
        PRESUMED,
        because="That is the simulator's own; searches know seven operators and no order.",
    ),
    Behaviour(
        "`/integrations/v1/me` tells some of what account info tells.",
        PRESUMED,
        because="It is old, and its answer was not looked up again.",
    ),
    Behaviour(
        "Account info tells how many calls of the day private apps have made: here none.",
        DOCUMENTED,
        _SPEC,
        because="An app with OAuth is none of them. The limit of 250,000 is presumed.",
    ),
    Behaviour(
        "The webhooks journal tells of installs and uninstalls to apps that subscribed before.",
        DOCUMENTED,
        _JOURNAL,
        because="The names of an entry's fields come from one code base.",
    ),
    Behaviour(
        "A journal's entry holds one event, stays for three days, and its link for ten minutes.",
        PRESUMED,
        "https://github.com/usertour/usertour",
        because="Three days are documented; the rest is not known.",
    ),
    Behaviour(
        "Reading on from an entry that has expired, or never was, is answered with 404.",
        DOCUMENTED,
        f"{_DOCS}/api-reference/2027-03-beta/webhooks-journal/journal-entries/local/get-journal-local-next.md",
        because="It is said in 2027-03-beta; the older pages are silent.",
    ),
    Behaviour(
        "Several entries are read at once, the oldest first; where there is none, the list is "
        "empty.",
        DOCUMENTED,
        f"{_SPEC}/tree/main/PublicApiSpecs/Webhooks%20Journal",
        because="That no count is too large, and what is said of unknown offsets, is presumed.",
    ),
    Behaviour(
        "Filters of subscriptions are kept, and change nothing.",
        PRESUMED,
        because="They compare properties of CRM records, and the journal here tells of none.",
    ),
    Behaviour(
        "Ending the subscriptions of an account ends none: those for lifecycle events are for all.",
        PRESUMED,
    ),
    Behaviour(
        "Nobody is told of installs by a webhook: there is no such event.", DOCUMENTED, _JOURNAL
    ),
    Behaviour("No answer of the API has CORS headers.", CAPTURED, _SLACK),
    Behaviour(
        "Whatever is no page of the simulator's is refused in JSON, in the form of other errors.",
        PRESUMED,
        because="That is 404 to an unknown path, 405 to another method and 413 to a large body. "
        "HubSpot's pages and API have a host each; here a path decides, and what is asked of the "
        "API and not found is among the noted requests.",
    ),
)
"""In the order of the endpoints."""
