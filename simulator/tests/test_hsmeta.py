"""Apps from ``app-hsmeta.json``."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from portalkey_simulator import App, StayedOnPage, running_hubspot

CREDENTIALS = {"client_id": "c", "client_secret": "s"}
FILE: dict[str, Any] = {
    "uid": "porthole",
    "type": "app",
    "config": {
        "name": "Porthole",
        "description": "Looks in",
        "distribution": "private",
        "isUserLevel": True,
        "auth": {
            "type": "oauth",
            "redirectUrls": ["http://localhost:3000/back", "https://app.example/back"],
            "requiredScopes": ["oauth", "tickets"],
            "optionalScopes": ["forms"],
            "conditionallyRequiredScopes": ["files"],
        },
        "support": {"supportEmail": "help@app.example"},
    },
}


def changed(path: str, value: object) -> dict[str, Any]:
    """The file with another value there; None takes the field out."""
    file = copy.deepcopy(FILE)
    *parents, last = path.split(".")
    part = file
    for name in parents:
        part = part[name]
    part[last] = value
    if value is None:
        del part[last]
    return file


def test_whole_file(tmp_path: Path) -> None:
    """Every class of scopes, the addresses in their order, and whose app it is.

    Where the file is can be a path or a text.
    """
    path = tmp_path / "app-hsmeta.json"
    path.write_text(json.dumps(FILE))

    assert App.from_hsmeta(str(path), **CREDENTIALS) == App.from_hsmeta(path, **CREDENTIALS)
    assert App.from_hsmeta(path, client_id="c", client_secret="s") == App(
        "c",
        "s",
        ("http://localhost:3000/back", "https://app.example/back"),
        name="Porthole",
        required_scopes=("oauth", "tickets"),
        optional_scopes=("forms",),
        conditional_scopes=("files",),
        distribution="private",
        is_user_level=True,
    )


def test_what_may_be_left_out() -> None:
    """A name is the uid, and lists are empty: what is not configured may not be asked for."""
    file = changed("config.name", None)
    auth = FILE["config"]["auth"]
    file["config"]["auth"] = {
        name: auth[name] for name in ("type", "redirectUrls", "requiredScopes")
    }
    app = App.from_hsmeta(file, **CREDENTIALS)

    assert (app.name, app.optional_scopes, app.conditional_scopes) == ("porthole", (), ())
    with running_hubspot(apps=[app]) as hubspot:
        link = hubspot.install_link()
        assert "code=" in hubspot.approve(link)
        with pytest.raises(StayedOnPage, match="mismatch between the scopes"):
            hubspot.approve(link.replace("tickets", "tickets%20forms"))


def test_what_is_given_besides() -> None:
    """A field that is given goes before the file's."""
    uris = ("http://localhost:6001/back",)
    app = App.from_hsmeta(FILE, **CREDENTIALS, redirect_uris=uris, app_id=7)

    assert (app.redirect_uris, app.app_id, app.name) == (uris, 7, "Porthole")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("config", None),
        ("config", []),
        ("config.auth", "oauth"),
        ("config.auth.type", "static"),
        ("config.auth.type", None),
        ("config.auth.redirectUrls", []),
        ("config.auth.redirectUrls", "https://app.example/back"),
        ("config.auth.requiredScopes", None),
        ("config.auth.optionalScopes", [1]),
        ("config.auth.conditionallyRequiredScopes", {}),
        ("config.distribution", "everybody"),
        ("config.distribution", []),
        ("config.isUserLevel", "yes"),
        ("config.name", 7),
        ("config.name", ""),
    ],
)
def test_malformed(path: str, value: object) -> None:
    """The message names the field and what belongs there."""
    with pytest.raises(ValueError, match=rf"^app-hsmeta.json: {path} has to be "):
        App.from_hsmeta(changed(path, value), **CREDENTIALS)


def test_neither_name_nor_uid() -> None:
    """Without a name the uid is asked for."""
    file = changed("config.name", None)
    del file["uid"]

    with pytest.raises(ValueError, match="uid has to be a text"):
        App.from_hsmeta(file, **CREDENTIALS)


@pytest.mark.parametrize(
    ("text", "named"), [("{", "the file has to be JSON"), ("[]", "file has to be an object")]
)
def test_no_such_file(tmp_path: Path, text: str, named: str) -> None:
    """A file that is no JSON object is refused as such."""
    path = tmp_path / "app-hsmeta.json"
    path.write_text(text)

    with pytest.raises(ValueError, match=named):
        App.from_hsmeta(path, **CREDENTIALS)


def test_addresses_that_hubspot_would_not_register() -> None:
    """They are refused as in any app."""
    with pytest.raises(ValueError, match="https, or http for localhost only"):
        App.from_hsmeta(changed("config.auth.redirectUrls", ["http://app.example"]), **CREDENTIALS)


def test_install_url_is_a_redirect_uri() -> None:
    """The marketplace sends people to addresses that are configured, and to no other."""
    with pytest.raises(ValueError, match="install URL is one of the redirect URIs"):
        App("c", "s", ("https://app.example/back",), install_url="https://app.example/other")
