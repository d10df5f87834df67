"""Checks of the project that the command runs in: what the app asks for, and code that ends."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from portalkey.cli.doctor.files import MOST_FILES, find_files, read_lines
from portalkey.hubspot import endpoints
from portalkey.hubspot.scopes import OAUTH
from portalkey.model.findings import Finding, ok, problem, unknown, warning
from portalkey.settings.settings import Settings

V1 = "/oauth/v1/"
_SHOWN = 5
_NAMES = ("app-hsmeta.json",)
_UPLOAD = "Change one of the two; what is at HubSpot changes with `hs project upload`."


def check_project(settings: Settings, folder: Path, today: date) -> Iterator[Finding]:
    """Yield what the files in *folder* say of the app."""
    files = list(find_files(folder))
    yield check_v1(files, folder, today)
    apps = [each for each in files if each.name in _NAMES]
    if not apps:
        yield ok("app_file", "There is no app-hsmeta.json here to compare the settings with.")
    for each in apps:
        yield from check_app_file(settings, each, folder)


def check_v1(files: Sequence[Path], folder: Path, today: date) -> Finding:
    """Tell where code still asks OAuth v1, which ends."""
    found = [
        f"{path.relative_to(folder)}:{number}"
        for path in files
        for number, line in enumerate(read_lines(path), 1)
        if V1 in line
    ]
    limit = f" (the first {MOST_FILES} files were looked at)" if len(files) >= MOST_FILES else ""
    if not found:
        return ok("oauth_v1", f"No file here names {V1}, which ends on {endpoints.V1_ENDS}{limit}.")
    places = ", ".join(found[:_SHOWN]) + (" and others" if len(found) > _SHOWN else "")
    has_ended = today >= date.fromisoformat(endpoints.V1_ENDS)
    ends = "ended" if has_ended else "ends"
    lines = "1 line names" if len(found) == 1 else f"{len(found)} lines name"
    sentence = f"{lines} {V1}, which {ends} on {endpoints.V1_ENDS}: {places}{limit}."
    to_do = f"Ask /oauth/{endpoints.NEWEST}/ instead, or leave it to portalkey."
    return (problem if has_ended else warning)("oauth_v1", sentence, to_do)


def check_app_file(settings: Settings, path: Path, folder: Path) -> Iterator[Finding]:
    """Yield where the app-hsmeta.json at *path* and the *settings* say different things."""
    name = path.relative_to(folder)
    auth = _read_auth(path)
    if auth is None:
        yield unknown("app_file", f"{name} has no config.auth of type oauth that can be read.")
        return
    differences = [*_compare_redirects(settings, auth), *_compare_scopes(settings, auth)]
    for sentence in differences:
        yield problem("app_file", f"{name}: {sentence}", _UPLOAD)
    if not differences:
        yield ok("app_file", f"{name} has the redirect URI and the scopes of the settings.")


def _read_auth(path: Path) -> Mapping[str, Any] | None:
    try:
        auth = json.loads(path.read_bytes())["config"]["auth"]
        return auth if auth["type"] == "oauth" else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _texts(auth: Mapping[str, Any], *names: str) -> set[str]:
    return {each for name in names for each in auth.get(name) or () if isinstance(each, str)}


def _compare_redirects(settings: Settings, auth: Mapping[str, Any]) -> Iterator[str]:
    if settings.redirect_uri not in _texts(auth, "redirectUrls"):
        yield f"redirectUrls lacks HUBSPOT_REDIRECT_URI ({settings.redirect_uri})."


def _compare_scopes(settings: Settings, auth: Mapping[str, Any]) -> Iterator[str]:
    required, optional = _texts(auth, "requiredScopes"), _texts(auth, "optionalScopes")
    known = required | _texts(auth, "conditionallyRequiredScopes") | {OAUTH}
    if lacking := required - {*settings.scopes}:
        yield f"requiredScopes has {_list(lacking)}, which HUBSPOT_SCOPES lacks."
    if unknown_scopes := {*settings.scopes} - known:
        yield f"HUBSPOT_SCOPES has {_list(unknown_scopes)}, which its required scopes lack."
    if unasked := {*settings.optional_scopes} - optional:
        yield f"HUBSPOT_OPTIONAL_SCOPES has {_list(unasked)}, which optionalScopes lacks."


def _list(scopes: set[str]) -> str:
    return " ".join(sorted(scopes))
