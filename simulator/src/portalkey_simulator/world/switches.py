"""Switches of a running simulator, and the evidence for each.

The table is the class itself: the code reads its values, ``docs/fidelity.md`` is made from what
stands beside them, and the control API takes its allowed values from the types.
"""

# ruff: noqa: FBT003, RUF009 - a row begins with the switch's own value

from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from portalkey_simulator.world.evidence import Behaviour, Evidence, switch
from portalkey_simulator.world.field_values import check_value

_DOCS = "https://developers.hubspot.com/docs"
_KEEP_TOKENS = f"{_DOCS}/api-reference/legacy/authentication/manage-oauth-tokens"
_WORKING = f"{_DOCS}/apps/legacy-apps/authentication/working-with-oauth"
_ARCHIVE = "https://github.com/hubspotdev/devslackarchive"
_REVOKE = f"{_DOCS}/api-reference/latest/authentication/oauth-tokens/revoke-token.md"
_LIMITS = f"{_DOCS}/developer-tooling/platform/usage-guidelines"
_NANGO = "https://github.com/NangoHQ/nango/issues/7664"
_SPEC = "https://github.com/HubSpot/HubSpot-public-api-spec-collection"

DOCUMENTED, CAPTURED, PRESUMED = Evidence.DOCUMENTED, Evidence.CAPTURED, Evidence.PRESUMED

OpenerPolicy: TypeAlias = Literal[
    "same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"
]


@dataclass(slots=True)
class Switches:
    """HubSpot's behaviour where it varies, is unknown or has changed over time.

    Raises:
        ValueError: A value is none that the switch can have; the message names those that are.
        AttributeError: There is no such switch.
    """

    cancel_sends: Literal["error", "nothing", "code"] = switch(
        "error",
        "A person who cancels is sent back to the app with `error` and `error_description`.",
        DOCUMENTED,
        _WORKING,
        because="HubSpot's quickstart says that nothing is sent; for an app installed before, "
        "somebody saw a code come back.",
    )
    cancel_error: str = switch(
        "access_denied",
        "The `error` of a person who cancels is `access_denied`.",
        PRESUMED,
        because="No public capture shows the value; RFC 6749 names this one.",
    )
    drop_state: bool = switch(
        False,
        "`state` comes back as it was sent.",
        DOCUMENTED,
        _WORKING,
        because="It was dropped in 2023 for people who had to log in on the way.",
    )
    redirect_match: Literal["exact", "any_slash", "any_query", "any_case", "any_port"] = switch(
        "exact",
        "A redirect URI has to equal a registered one, character by character.",
        PRESUMED,
        because="HubSpot says that it has to match, and not how; social-auth-core, which is in "
        "use, adds a query of its own to it.",
    )
    oauth_required: bool = switch(
        True,
        "The scope `oauth` is required of every app.",
        CAPTURED,
        "https://github.com/n8n-io/n8n/issues/23204",
        because="HubSpot's own quickstart leaves it out, which works for old apps.",
    )
    pkce: Literal["enforced", "ignored", "refused"] = switch(
        "enforced",
        "A code that came with an S256 challenge is given out for its verifier only.",
        PRESUMED,
        _SPEC,
        because="`code_verifier` is in the schema, and enforced by HubSpot's MCP server; for "
        "ordinary apps nothing shows it.",
    )
    sign_in: bool = switch(
        False,
        "People are signed in already when they come to the consent page.",
        DOCUMENTED,
        f"{_DOCS}/methods/oauth2/initiate-oauth-integration",
        because="Switched on, they are sent to another provider first, as companies do it.",
    )
    consent_opener_policy: OpenerPolicy | None = switch(
        None,
        "The consent page sends no `Cross-Origin-Opener-Policy`.",
        PRESUMED,
        because="HubSpot documents no header of its pages, and no capture is known.",
    )
    refusal_opener_policy: OpenerPolicy | None = switch(
        None, "Nor do the pages that end the journey at HubSpot.", PRESUMED
    )
    redirect_opener_policy: OpenerPolicy | None = switch(
        None, "Nor does the redirect back to the app.", PRESUMED
    )
    sign_in_opener_policy: OpenerPolicy | None = switch(
        None,
        "Nor does the sign-in on the way.",
        PRESUMED,
        "https://github.com/umbraco/Umbraco.Cms.Integrations/pull/203",
        because="The opener was reported lost once people had to sign in, as `same-origin` does.",
    )
    opener_policies_report_only: bool = switch(
        False, "Policies that are sent hold, and are not for reports only.", PRESUMED
    )

    code_seconds: float = switch(
        60.0,
        "A code lives for 60 seconds.",
        PRESUMED,
        because="HubSpot says that codes are short-lived, and gives no number.",
    )
    access_token_seconds: int = switch(
        1800, "An access token lives for 1800 seconds.", DOCUMENTED, _KEEP_TOKENS
    )
    rotate_refresh_tokens: bool = switch(
        False,
        "A refresh gives the same refresh token again.",
        CAPTURED,
        _NANGO,
        because="HubSpot advises to keep whichever comes back. Switched on, every refresh gives a "
        "new one and ends the old.",
    )
    reuse_ends_tokens: bool = switch(
        False,
        "A code that is used again is refused, and the tokens it gave live on.",
        PRESUMED,
        because="RFC 6749 4.1.2 would have them revoked.",
    )
    refresh_ends_access: bool = switch(
        False, "A refresh leaves older access tokens valid until they expire.", PRESUMED
    )
    revoke_ends_access: bool = switch(
        False, "Revoking a refresh token leaves its access tokens valid.", CAPTURED, _REVOKE
    )
    uninstall_ends_access: bool = switch(
        False, "An uninstall leaves access tokens valid until they expire.", PRESUMED
    )
    new_secret_ends_tokens: bool = switch(
        False,
        "A new client secret leaves refresh tokens valid.",
        PRESUMED,
        because="It is said both ways, and no capture is known.",
    )
    sends_hub_id: bool = switch(True, "A grant tells `hub_id`.", DOCUMENTED, _KEEP_TOKENS)
    sends_scopes: bool = switch(
        True, "A grant tells `scopes`, as a list.", DOCUMENTED, _KEEP_TOKENS
    )
    sends_user_id: bool = switch(
        False,
        "A grant tells `user_id` to an app on the level of users only.",
        CAPTURED,
        _NANGO,
        because="It is not in the one capture of an ordinary app's grant, was seen from HubSpot's "
        "MCP server, whose apps are on that level, and is optional in the schema. Switched on, "
        "every grant tells it.",
    )
    sends_id_token: bool = switch(
        False, "A grant has no `id_token`.", PRESUMED, _SPEC, because="The schema has one."
    )
    json_bodies: Literal["refused", "read"] = switch(
        "refused",
        "The token endpoints read forms; a JSON body holds no grant type for them.",
        PRESUMED,
        because="HubSpot's own hubspot-sdk for Python sends JSON.",
    )
    basic_authentication: Literal["ignored", "read"] = switch(
        "ignored", "Client credentials in an `Authorization` header are not looked at.", PRESUMED
    )
    bad_client_status: Literal[400, 401] = switch(
        400, "A wrong client id or secret is answered with HTTP 400.", PRESUMED
    )
    bad_hub_status: Literal[403, 400] = switch(
        403,
        "`BAD_HUB` is answered with HTTP 403.",
        CAPTURED,
        _ARCHIVE,
        because="A newer test of somebody else's has 400.",
    )
    v1: Literal["works", "ended"] = switch(
        "works",
        "OAuth v1 works as it does until 2027-02-16, whatever the clock says.",
        DOCUMENTED,
        "https://developers.hubspot.com/changelog/v1-oauth-api-deprecation",
        because="Switched to `ended`, it answers as it may from that day on.",
    )

    account_info_scope: Literal["oauth", "external-settings-access"] = switch(
        "oauth",
        "Account info needs the scope `oauth`.",
        DOCUMENTED,
        _SPEC,
        because="A newer specification is said to list `external-settings-access`.",
    )
    calls_per_ten_seconds: int = switch(
        110, "An app has 110 calls in ten seconds, for each account.", DOCUMENTED, _LIMITS
    )
    searches_per_second: int = switch(
        5, "An account has 5 CRM searches in a second.", DOCUMENTED, _LIMITS
    )
    token_requests_per_second: int = switch(
        0,
        "The token endpoints have no limit (0).",
        PRESUMED,
        _ARCHIVE,
        because="None is published, and one capture of 2022 shows that there is one.",
    )
    finalize_in_frame: bool = switch(
        True,
        "The last leg of a marketplace install runs in a frame on HubSpot's page.",
        CAPTURED,
        "https://github.com/usertour/usertour/pull/490",
    )
    latency: float = switch(0.0, "Answers take no time (0 seconds).", PRESUMED)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse what the switch cannot be."""
        check_value(Switches, name, value)
        object.__setattr__(self, name, value)


GROUPS = {
    "cancel_sends": "Consent page",
    "code_seconds": "Codes and tokens",
    "account_info_scope": "API",
}
"""The names of groups of switches, by the first switch of each in the order above."""


def list_behaviours() -> dict[str, Behaviour]:
    """Return the behaviour of each switch, by its name."""
    return {each.name: each.metadata["behaviour"] for each in fields(Switches)}
