import json
import traceback
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import SecretStr

from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    PortalkeyError,
    RateLimited,
)
from portalkey.hubspot.http import Response
from portalkey.hubspot.token import (
    GrantType,
    code_request,
    read_grant,
    read_revocation,
    refresh_request,
)
from portalkey.model.connection import Grant
from portalkey.settings import Settings

GOOD: Mapping[str, object] = {
    "token_type": "bearer",
    "access_token": "canary-access",
    "refresh_token": "canary-refresh",
    "expires_in": 1800,
}
LEFT_OUT = object()


def answer(**changes: object) -> Response:
    """A token response with *changes*."""
    members = {name: value for name, value in {**GOOD, **changes}.items() if value is not LEFT_OUT}
    return Response(200, {}, json.dumps(members).encode())


def read(response: Response, asked: GrantType = GrantType.REFRESH) -> Grant:
    """The grant of a refresh."""
    return read_grant(response, asked=asked)


def test_without_pkce(settings: Settings) -> None:
    """Without a challenge no verifier is sent."""
    request = code_request(
        settings, code=SecretStr("c"), redirect_uri=settings.redirect_uri, verifier=None
    )

    assert "code_verifier" not in request.form


def test_version_is_one_setting(settings: Settings) -> None:
    """A new version of the API is a new word in the settings."""
    older = settings.model_copy(update={"api_version": "2026-03"})

    assert "/oauth/2026-03/token" in refresh_request(older, SecretStr("r")).url


NO_JSON = {
    "nothing": b"",
    "html": b"<!DOCTYPE html>",
    "truncated": json.dumps(GOOD).encode()[:-1],
    "trailing garbage": json.dumps(GOOD).encode() + b"x",
    "two documents": json.dumps(GOOD).encode() * 2,
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
    "utf-16": json.dumps(GOOD).encode("utf-16"),
    "latin-1": b'{"access_token": "\xe4"}',
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_success_that_is_no_json(body: bytes) -> None:
    """HubSpot, or something on the way, is not well: that passes, and counts like a 5xx."""
    with pytest.raises(HubSpotUnavailable, match="no JSON") as caught:
        read(Response(200, {}, body))

    assert not caught.value.is_local


BROKEN = {
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "empty object": b"{}",
    "doubled name": b'{"access_token": "b",' + json.dumps(GOOD).encode()[1:],
    "doubled name further in": json.dumps(GOOD).encode()[:-1] + b', "x": {"a": 1, "a": 2}}',
    "deep lists": b'{"x":' + b"[" * 60000,
    "deep objects": b'{"x":' * 10000,
    "not a number": json.dumps({**GOOD, "expires_in": float("nan")}).encode(),
    "infinity": json.dumps({**GOOD, "expires_in": float("inf")}).encode(),
    "minus infinity": json.dumps({**GOOD, "x": float("-inf")}).encode(),
    "number without end": json.dumps(GOOD).encode()[:-1] + b', "x": ' + b"9" * 10000 + b"}",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_body_that_cannot_be_read(body: bytes) -> None:
    """What is not exactly one JSON object, read in exactly one way, is refused."""
    with pytest.raises(BadAnswer):
        read(Response(200, {}, body))


UNUSABLE_TOKENS = [7, 1.5, True, [], ["t"], {"t": 1}, "a b", "a\n", "ä", "\0", "\ud800", "\x7f"]


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize("token", [*UNUSABLE_TOKENS, "x" * 16385], ids=ascii)
def test_token_that_cannot_be_one(name: str, token: object) -> None:
    """A token consists of visible ASCII characters, as it goes into a header."""
    with pytest.raises(BadAnswer, match=name):
        read(answer(**{name: token}))


@pytest.mark.parametrize("token", [LEFT_OUT, None, ""])
def test_access_token_missing(token: object) -> None:
    """A success without an access token is none."""
    with pytest.raises(BadAnswer, match="lacks a token"):
        read(answer(access_token=token))


@pytest.mark.parametrize("token", [LEFT_OUT, None, ""])
def test_refresh_token_missing(token: object) -> None:
    """A refresh may leave it out, and the old one goes on; a code has to bring one."""
    assert read(answer(refresh_token=token)).refresh_token is None
    with pytest.raises(BadAnswer, match="lacks a token"):
        read(answer(refresh_token=token), GrantType.CODE)


@pytest.mark.parametrize("length", [1, 300, 512, 16384])
def test_length_of_a_token(length: int) -> None:
    """Nothing is assumed about the length of a token."""
    grant = read(answer(access_token="x" * length))

    assert len(grant.access_token.get_secret_value()) == length


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (1800, 1800),
        ("1800", 1800),
        (1800.9, 1800),
        (LEFT_OUT, 1800),
        (None, 1800),
        (True, 1800),
        (False, 1800),
        ("soon", 1800),
        ("", 1800),
        ("-5", 1800),
        ("1800.5", 1800),
        ("٣", 1800),
        ("9" * 100, 1800),
        ([60], 1800),
        ({}, 1800),
        (0, 1),
        (-1, 1),
        (-1e308, 1),
        (0.5, 1),
        (21600, 21600),
        (315360000, 86400),
        (2**63, 86400),
        ("99999999999999999999", 86400),
    ],
)
def test_lifetime(expires_in: object, seconds: int) -> None:
    """A lifetime is believed within bounds; where there is none, HubSpot's own is assumed."""
    assert read(answer(expires_in=expires_in)).expires_in == seconds


@pytest.mark.parametrize(("number", "seconds"), [(b"1e309", 86400), (b"-1e309", 1)])
def test_lifetime_beyond_numbers(number: bytes, seconds: int) -> None:
    """A number too large for this machine is a large number."""
    body = answer(expires_in=7777).body.replace(b"7777", number)

    assert read(Response(200, {}, body)).expires_in == seconds


@pytest.mark.parametrize("kind", ["bearer", "Bearer", "BEARER"])
def test_bearer(kind: str) -> None:
    """HubSpot writes it in two ways, and a type has no case (RFC 6749 section 5.1)."""
    assert read(answer(token_type=kind)).access_token.get_secret_value() == "canary-access"


@pytest.mark.parametrize(
    "changes",
    [
        {"token_type": LEFT_OUT},
        {"token_type": None},
        {"token_type": "mac"},
        {"token_type": ["bearer"]},
        {"token_use": "refresh_token"},
        {"token_use": "client_credentials"},
        {"token_use": 1},
    ],
)
def test_kind_of_token_that_is_not_known(changes: Mapping[str, object]) -> None:
    """A token of a kind that is not understood is not used (RFC 6749 section 7.1)."""
    with pytest.raises(BadAnswer, match="kind of token"):
        read(answer(**changes))


@pytest.mark.parametrize("use", [LEFT_OUT, None, "access_token"])
def test_use_of_the_token(use: object) -> None:
    """HubSpot may leave the use of a token out."""
    assert read(answer(token_use=use)).refresh_token is not None


@pytest.mark.parametrize("name", ["hub_id", "user_id"])
@pytest.mark.parametrize("value", ["1", 0, -1, 1.0, True, [], 2**53, "x"])
def test_id_that_cannot_be_one(name: str, value: object) -> None:
    """An id is a positive whole number."""
    with pytest.raises(BadAnswer, match=name):
        read(answer(**{name: value}))


def test_ids() -> None:
    """A token response may say whose it is."""
    grant = read(answer(hub_id=62515, user_id=7))

    assert (grant.hub_id, grant.hub_user_id) == (62515, 7)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"scopes": None}, None),
        ({"scopes": ["oauth", "b", "b"]}, ("oauth", "b")),
        ({"scopes": []}, ()),
        ({"scopes": "oauth b"}, ("oauth", "b")),
        ({"scope": "oauth b"}, ("oauth", "b")),
        ({"scopes": ["oauth", 7, None, "a b", 'x"', ["y"]]}, ("oauth",)),
    ],
)
def test_scopes(changes: Mapping[str, object], expected: tuple[str, ...] | None) -> None:
    """What can be a scope is taken, from HubSpot's list or from RFC 6749's text."""
    assert read(answer(**changes)).scopes == expected


@pytest.mark.parametrize("value", [7, True, {"oauth": True}])
def test_scopes_that_cannot_be_read(value: object) -> None:
    """More than was granted must not be assumed."""
    with pytest.raises(BadAnswer, match="scopes"):
        read(answer(scopes=value))


def test_ten_thousand_scopes() -> None:
    """Many scopes are many scopes."""
    found = read(answer(scopes=[f"s{number}" for number in range(10_000)])).scopes

    assert found is not None
    assert len(found) == 10_000


def test_unknown_members() -> None:
    """Members that nobody knows are ignored (RFC 6749 section 5.1)."""
    assert read(answer(id_token="x", __proto__={}, debug=[1])) == read(answer())


def test_grant_keeps_its_secrets() -> None:
    """No token is shown."""
    assert "canary" not in repr(read(answer()))


@pytest.mark.parametrize(
    "changes",
    [
        {"token_type": "mac"},
        {"refresh_token": ["canary-refresh"]},
        {"access_token": "canary-access\n"},
        {"hub_id": "canary"},
        {"scopes": 7},
    ],
)
def test_traceback_with_variables(changes: Mapping[str, object]) -> None:
    """An answer that is refused does not get into a crash report."""
    with pytest.raises(BadAnswer) as caught:
        read(answer(**changes))

    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
    ours = [frame for frame in frames if "/portalkey/" in frame.filename]
    assert ours
    # An id is nobody's secret.
    assert "canary-" not in str([frame.locals for frame in ours])


@examples(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*GOOD, "scopes"]), inner),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_answer(body: bytes) -> None:
    """Whatever comes is a grant or an error of ours."""
    try:
        grant = read(Response(200, {}, body))
    except PortalkeyError as error:
        assert isinstance(error, BadAnswer | HubSpotUnavailable)  # noqa: PT017 - either is fine
    else:
        assert 1 <= grant.expires_in <= 86400


@pytest.mark.parametrize(
    "response",
    [
        Response(200),
        Response(200, {}, b"{}"),
        Response(200, {}, b"done"),
        Response(204),
        Response(400, {}, b'{"status": "BAD_REFRESH_TOKEN"}'),
    ],
)
def test_revoked(response: Response) -> None:
    """The token is gone, whether HubSpot knew it or not (RFC 7009 section 2.2)."""
    read_revocation(response)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (Response(503, {"retry-after": "9"}), HubSpotUnavailable),
        (Response(429), RateLimited),
        (Response(200, {}, b"\n<html>"), HubSpotUnavailable),
        (Response(400, {}, b'{"status": "BAD_CLIENT_ID"}'), HubSpotRefused),
        (Response(302), BadAnswer),
    ],
)
def test_not_revoked(response: Response, error: type[PortalkeyError]) -> None:
    """The token may live on, so that it stays owed (RFC 7009 section 2.2.1)."""
    with pytest.raises(error):
        read_revocation(response)
