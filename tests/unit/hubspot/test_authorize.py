from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from portalkey.errors import AttemptMismatch
from portalkey.hubspot.authorize import (
    AuthorizationResponse,
    authorize_url,
    challenge,
    read_authorization_response,
)
from portalkey.settings import Settings

Query = Sequence[tuple[str, str]]
STATE = "a" * 43


def test_spaces_between_scopes(settings: Settings) -> None:
    """Scopes are separated by %20, and the optional ones are named in the singular."""
    url = authorize_url(settings, state=STATE, challenge=None)

    assert "scope=oauth%20crm.objects.contacts.read%20crm.objects.deals.read&" in url
    assert "optional_scope=tickets%20automation" in url
    assert "optional_scopes" not in url
    assert "code_challenge" not in url


def test_account_is_named(settings: Settings) -> None:
    """Reconnecting skips the account picker."""
    url = authorize_url(settings, state=STATE, challenge=None, hub_id=62515)

    assert urlsplit(url).path == "/oauth/62515/authorize"


def test_other_redirect_uri(settings: Settings) -> None:
    """The redirect URI of the settings is sent to the letter, and so are state and challenge."""
    uri = "https://app.example.com/crm/auth/hubspot/callback"
    elsewhere = settings.model_copy(update={"redirect_uri": uri})
    url = authorize_url(elsewhere, state="&=# +%", challenge="c/+")

    query = dict(parse_qsl(urlsplit(url).query))
    assert query["redirect_uri"] == uri
    assert query["state"] == "&=# +%"
    assert query["code_challenge"] == "c/+"
    assert query["code_challenge_method"] == "S256"


def test_no_optional_scopes(settings: Settings) -> None:
    """Nothing is sent in place of nothing."""
    plain = settings.model_copy(update={"optional_scopes": ()})

    assert "optional_scope" not in authorize_url(plain, state=STATE, challenge=None)


def test_challenge() -> None:
    """The example of RFC 7636 appendix B comes out."""
    verifier = SecretStr("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([], AuthorizationResponse(None, None, None)),
        ([("code", "c"), ("state", STATE)], AuthorizationResponse(SecretStr("c"), STATE, None)),
        ([("state", STATE)], AuthorizationResponse(None, STATE, None)),
        (
            [("error", "access_denied"), ("state", STATE)],
            AuthorizationResponse(None, STATE, "access_denied"),
        ),
        ([("error", "server_error")], AuthorizationResponse(None, None, "server_error")),
        ([("error", "<script>")], AuthorizationResponse(None, None, "unknown_error")),
        ([("error", "ACCESS_DENIED")], AuthorizationResponse(None, None, "unknown_error")),
        (
            [("code", "a&client_secret=x#"), ("hub_id", "1"), ("hub_id", "2"), ("iss", "\0")],
            AuthorizationResponse(SecretStr("a&client_secret=x#"), None, None),
        ),
        (
            [("state[]", "x"), ("access_token", "x"), ("error_description", "\x1b[2J<img>")],
            AuthorizationResponse(None, None, None),
        ),
    ],
)
def test_callback(query: Query, expected: AuthorizationResponse) -> None:
    """A code, a state and an error of RFC 6749 are read; whatever else there is, is ignored."""
    assert read_authorization_response(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        [("state", "a"), ("state", "a")],
        [("code", "a"), ("code", "b")],
        [("error", "access_denied"), ("error", "access_denied")],
        [("code", "a"), ("Code", "a")],
        [("STATE", "a")],
        [("code", "a"), ("error", "access_denied")],
        [("code", "")],
        [("state", "")],
        [("error", "")],
        [("code", "a\r\nb")],
        [("code", "ä")],
        [("code", "a\0")],
        [("code", "x" * 2049)],
        [("state", "x" * 513)],
        [("state", "\ud800")],
        [("state", "😀")],
        [("state", "a\n")],
        [("error", 'a"b')],
        [("error", "a\\b")],
        [("error", "x" * 101)],
    ],
)
def test_callback_that_cannot_be_trusted(query: Query) -> None:
    """Doubled, contradictory or malformed parameters are nobody's honest answer."""
    with pytest.raises(AttemptMismatch):
        read_authorization_response(query)


def test_callback_keeps_its_secrets() -> None:
    """Code and state are not shown."""
    callback = read_authorization_response([("code", "canary-code"), ("state", "canary-state")])

    assert "canary" not in repr(callback)
