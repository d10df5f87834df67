"""Sentences of HubSpot's pages on which a journey ends, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass

from portalkey_simulator.world.evidence import Evidence

DOCUMENTED, CAPTURED, PRESUMED = Evidence.DOCUMENTED, Evidence.CAPTURED, Evidence.PRESUMED

_KB = (
    "https://knowledge.hubspot.com/integrations/resolve-a-request-for-integration-permissions-error"
)
_POWER_PLATFORM = "https://github.com/microsoft/PowerPlatformConnectors/issues/3266"
_ARCHIVE = "https://github.com/hubspotdev/devslackarchive"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: what it ``says``, ``when``, and what it rests on.

    Names in braces stand for what the journey fills in.
    """

    says: str
    when: str
    evidence: Evidence = PRESUMED
    source: str = ""


SENTENCES: Mapping[str, Sentence] = {
    "client": Sentence(
        "an invalid or missing client_id was provided",
        "The client id is no app's.",
        CAPTURED,
        "https://github.com/PipedreamHQ/pipedream/issues/20321",
    ),
    "retired": Sentence(
        "This install link is no longer valid",
        "The app has no redirect URI, or is switched off.",
        CAPTURED,
        "https://github.com/HubSpot/sample-apps-oauth/issues/23",
    ),
    "redirect": Sentence(
        "redirect_uri doesn't match the client registered redirect_uri",
        "The redirect URI is none of the app's.",
        CAPTURED,
        _POWER_PLATFORM,
    ),
    "scope_name": Sentence(
        "An invalid scope name was provided",
        "A scope has a name that no scope can have.",
        CAPTURED,
        "https://github.com/HubSpot/oauth-quickstart-nodejs/pull/29",
    ),
    "scopes_missing": Sentence(
        "provided scopes are insufficient (missing: {scopes})",
        "A required scope is not in `scope`; its name is added here, HubSpot tells none.",
        DOCUMENTED,
        _KB,
    ),
    "scopes_mismatch": Sentence(
        "mismatch between the scopes in the install URL and the app's configured scopes",
        "A scope is not configured, or stands in the wrong parameter for its class.",
        DOCUMENTED,
        _KB,
    ),
    "tier": Sentence(
        "your account lacks access to the required scopes [{scopes}]",
        "The account's tier lacks a scope that the app cannot do without.",
        CAPTURED,
        "https://github.com/PipedreamHQ/pipedream/issues/20618",
    ),
    "permission": Sentence(
        "You don't have permission to connect this app",
        "The person lacks the right to install the app, or a permission behind a new scope.",
        CAPTURED,
        _ARCHIVE,
    ),
    "doubled": Sentence(
        "a parameter was given more than once: {names}",
        "A parameter comes twice in the URL (RFC 6749 section 3.1).",
    ),
    "challenge": Sentence(
        "code_challenge is invalid, or its method is not S256",
        "The PKCE challenge is malformed.",
    ),
    "no_pkce": Sentence(
        "an unknown parameter was provided: code_challenge",
        "The switch `pkce` is `refused`.",
    ),
    "foreign_account": Sentence(
        "you don't have access to this account",
        "The URL names an account that is not there.",
    ),
    "no_account": Sentence(
        "choose one of the accounts: {accounts}", "The form names no account that was offered."
    ),
    "no_person": Sentence(
        "choose one of the people in this account: {people}",
        "The form names nobody in the account.",
    ),
    "no_decision": Sentence("choose Connect app or Cancel", "The form holds no decision."),
    "unlisted": Sentence(
        "this app has no listing in the marketplace",
        "The app is unknown, has no install URL, or is distributed privately.",
    ),
    "unknown_install": Sentence(
        "this install is not known, or is over", "A marketplace page is not of any install."
    ),
    "no_state": Sentence(
        "the app came back without a state",
        "After `step=authorize` the app came to `returnUrl` without `?state=`.",
    ),
    "not_approved": Sentence(
        "nobody has agreed to this install yet",
        "The last leg of a marketplace install was opened before its consent.",
    ),
}
"""The sentences by what went wrong. On the page it follows "Couldn't complete the connection"."""


class Stopped(Exception):
    """The person reads the ``sentence`` on HubSpot's page, and nothing is sent to the app.

    ``advice`` is the simulator's own, for whoever develops the app; HubSpot gives none.
    """

    def __init__(self, why: str, *, advice: str = "", **values: str) -> None:
        """Show the sentence of ``SENTENCES`` with this name, filled in with *values*."""
        self.sentence = SENTENCES[why].says.format(**values)
        self.advice = advice
        super().__init__(self.sentence)
