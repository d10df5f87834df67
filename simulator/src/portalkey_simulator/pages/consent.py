"""The request of an authorize URL, and its checks. Nothing here knows of HTTP.

HubSpot checks all of this on its own page and stops there: the app never hears of it
(https://knowledge.hubspot.com/integrations/resolve-a-request-for-integration-permissions-error).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from portalkey_simulator.forms import Pairs, add_query, find_duplicates
from portalkey_simulator.pages.redirects import is_registered
from portalkey_simulator.pages.sentences import Stopped
from portalkey_simulator.world.accounts import Account
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.pkce import Challenge
from portalkey_simulator.world.switches import Switches

_SCOPE = re.compile(r"[a-z][a-z0-9._-]{0,99}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Installation:
    """An app's request to a person to agree."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...]
    state: str | None
    challenge: Challenge | None

    def scopes_for(self, account: Account) -> tuple[str, ...]:
        """Return the scopes that *account* grants, without optional ones that it lacks.

        Raises:
            Stopped: The account lacks a scope that the app cannot do without.
        """
        lacking = [scope for scope in self.scopes if scope in account.cannot_grant]
        if lacking:
            raise Stopped("tier", scopes=", ".join(lacking))
        optional = (scope for scope in self.optional_scopes if scope not in account.cannot_grant)
        return tuple(dict.fromkeys((*self.scopes, *optional)))

    def build_callback(self, **answer: str) -> str:
        """Add *answer* and the app's own state to the query of the redirect URI."""
        if self.state is not None:
            answer["state"] = self.state
        return add_query(self.redirect_uri, **answer)


def read_installation(pairs: Pairs, apps: Mapping[str, App], switches: Switches) -> Installation:
    """Read the query of an authorize URL.

    Raises:
        Stopped: It may not be asked, or not in this way.
    """
    query = dict(pairs)
    twice = sorted(find_duplicates(pairs) & _PARAMETERS)
    if twice:
        raise Stopped("doubled", names=", ".join(twice))
    app = apps.get(query.get("client_id", ""))
    if app is None:
        raise Stopped("client")
    if app.is_retired or not app.redirect_uris:
        raise Stopped("retired")
    redirect_uri = query.get("redirect_uri", "")
    if not is_registered(redirect_uri, app.redirect_uris, switches.redirect_match):
        raise Stopped("redirect", advice=_compare(redirect_uri, app.redirect_uris))
    return Installation(
        app=app,
        redirect_uri=redirect_uri,
        scopes=_read_required_scopes(app, query.get("scope", ""), switches),
        optional_scopes=_read_optional_scopes(app, query.get("optional_scope", "")),
        state=query.get("state"),
        challenge=_read_challenge(query, switches.pkce),
    )


def _compare(sent: str, registered: tuple[str, ...]) -> str:
    """Return both sides of a redirect URI that does not match, and how to put it right."""
    shown = "".join(each if each.isprintable() else "?" for each in sent[:300])
    return (
        f"Registered: {', '.join(registered)}. Sent: {shown or 'none'}. Start the simulator with "
        f"--redirect-uri {shown or 'URI'} (portalkey simulate, or portalkey-simulator), or correct "
        "what the app sends (HUBSPOT_REDIRECT_URI)."
    )


_PARAMETERS = frozenset(
    {
        "client_id",
        "redirect_uri",
        "scope",
        "optional_scope",
        "state",
        "response_type",
        "code_challenge",
        "code_challenge_method",
    }
)


def _read_required_scopes(app: App, text: str, switches: Switches) -> tuple[str, ...]:
    scopes = _read_scopes(text)
    required = {*app.required_scopes, *(("oauth",) if switches.oauth_required else ())}
    if not scopes or not required <= set(scopes):
        missing = sorted(required - set(scopes)) or ["any scope"]
        raise Stopped("scopes_missing", scopes=" ".join(missing))
    _check_scopes(scopes, allowed=app.scope_list, misplaced=app.beyond_scope)
    return scopes


def _read_optional_scopes(app: App, text: str) -> tuple[str, ...]:
    scopes = _read_scopes(text)
    _check_scopes(scopes, allowed=app.optional_scopes, misplaced=app.beyond_optional_scope)
    return scopes


def _read_scopes(text: str) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(text.split()))
    if not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise Stopped("scope_name")
    return scopes


def _check_scopes(
    scopes: tuple[str, ...], *, allowed: tuple[str, ...] | None, misplaced: frozenset[str]
) -> None:
    strange = set() if allowed is None else set(scopes) - set(allowed)
    if strange or misplaced & set(scopes):
        raise Stopped("scopes_mismatch")


def _read_challenge(query: Mapping[str, str], pkce: str) -> Challenge | None:
    challenge = query.get("code_challenge")
    if challenge is None or pkce == "ignored":
        return None
    if pkce == "refused":
        raise Stopped("no_pkce")
    # RFC 7636: S256 is all that the metadata of HubSpot's MCP server offers, and has one length.
    if query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise Stopped("challenge")
    return Challenge(challenge)
