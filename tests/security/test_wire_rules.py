"""What portalkey sends to HubSpot, request by request, over a whole life of a connection."""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import portalkey
from portalkey.broker import Broker
from portalkey.hubspot.token import GrantType, _token_request
from portalkey_simulator import HubSpot
from portalkey_simulator.world.request_log import LoggedRequest
from support.visitor import Visitor, query_of

SOURCE = Path(portalkey.__file__).parent
GRANT_TYPES = {"authorization_code", "refresh_token"}
OTHER_GRANTS = {"implicit", "client_credentials"}
"""Words of no other meaning; a password may be a database's."""
NAMES = re.compile(r"(?<![A-Za-z_])(grant|response)_type(?![A-Za-z_])")
REFRESH_FIELDS = {"grant_type", "refresh_token", "client_id", "client_secret"}
CREDENTIALS = {"client_id", "client_secret"}


@pytest.fixture
def life(visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any) -> tuple[str, HubSpot]:
    """The address of a consent page, and HubSpot after a connect, a renewal and a disconnect."""
    address = visitor.begin()
    visitor.get(visitor.agree(address))
    ahead.seconds += 1801
    hubspot.clock.move(1801)
    broker.access_token(visitor.owner)
    (connection,) = broker.connections(visitor.owner)
    broker.check_connections([connection])
    broker.disconnect(visitor.owner, connection.id)
    return address, hubspot


def asked_of_oauth(hubspot: HubSpot) -> list[LoggedRequest]:
    """The requests that authenticate the app."""
    return [each for each in hubspot.requests if "/oauth/" in each.path and each.method == "POST"]


def methods_of_authentication(form: Mapping[str, str], headers: Mapping[str, str]) -> set[str]:
    """How a request says which app it is (RFC 6749 section 2.3)."""
    found = {"header"} if "authorization" in headers else set()
    found |= {"assertion"} if "client_assertion" in form else set()
    return found | ({"body"} if "client_secret" in form else set())


def test_an_app_authenticates_in_one_way(life: tuple[str, HubSpot]) -> None:
    """Each request has the secret in its body, and no second proof beside it."""
    asked = asked_of_oauth(life[1])

    assert len({each.path for each in asked}) >= 3  # token, introspect, revoke
    for each in asked:
        assert methods_of_authentication(each.form, each.headers) == {"body"}, each.path
        assert each.form.keys() >= CREDENTIALS


def test_a_second_way_would_be_seen() -> None:
    """The negative control: basic authentication beside the body counts as two."""
    form, headers = {"client_secret": "x"}, {"authorization": "Basic eDp5"}

    assert methods_of_authentication(form, headers) == {"body", "header"}


def test_a_renewal_asks_for_no_scope(life: tuple[str, HubSpot]) -> None:
    """So HubSpot grants what it had granted, and no request widens it (RFC 6749 section 6)."""
    renewals = [each for each in life[1].requests if each.form.get("grant_type") == "refresh_token"]

    assert len(renewals) == 1
    assert renewals[0].form.keys() == REFRESH_FIELDS


def test_only_two_grants_are_asked_for(life: tuple[str, HubSpot]) -> None:
    """A code and a refresh token: no password, and no token in an address (RFC 9700 section 2)."""
    address, hubspot = life
    types = {each.form["grant_type"] for each in hubspot.requests if "grant_type" in each.form}

    assert types == GRANT_TYPES
    assert query_of(address).get("response_type", "code") == "code"


def grants_named(source: str) -> Iterator[str]:
    """What *source* puts beside the name of a grant type or a response type, wherever it stands.

    Where that is not the key of a dictionary, it is the mention itself.
    """
    nodes = list(ast.walk(ast.parse(source)))
    values = {
        id(key): value
        for node in nodes
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
    }
    docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if id(node) not in docs and any(NAMES.search(text) for text in words_of(node)):
            yield ast.unparse(values.get(id(node), node))
        if isinstance(node, ast.Constant) and node.value in OTHER_GRANTS:
            yield str(node.value)


def words_of(node: ast.AST) -> Iterator[str]:
    """Yield the names and the text of *node* itself."""
    yield from (value for _, value in ast.iter_fields(node) if isinstance(value, str))
    if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
        yield node.value.decode("latin-1")


def test_no_code_asks_for_another_grant() -> None:
    """What no journey walks is read: one place names a grant type, from a list of two.

    The app's own token, which reads HubSpot's journal, is nobody's grant (RFC 6749 section 4.4).
    The demo counts what its simulator was asked for.
    """
    found = {
        (path.relative_to(SOURCE).as_posix(), value)
        for path in SOURCE.rglob("*.py")
        for value in grants_named(path.read_text())
    }

    own = ("hubspot/journal_access.py", "client_credentials")
    counted = ("cli/demo/counts.py", "'grant_type'")
    assert found == {("hubspot/token.py", "asked.value"), own, (own[0], repr(own[1])), counted}
    assert {each.value for each in GrantType} == GRANT_TYPES
    assert inspect.signature(_token_request).parameters["asked"].annotation is GrantType


@pytest.mark.parametrize(
    "source",
    [
        'f = {"grant_type": "password"}',
        'f["grant_type"] = "password"',
        'f = dict(grant_type="password")',
        'f = [("grant_type", "password")]',
        'f = f"grant_type=password&username={name}"',
        'f = b"grant_type=password"',
        'def ask(grant_type="password"): pass',
        'f.grant_type = "password"',
        'NAME = "grant_type"',
        'g = "implicit"',
        'h = {"response_type": "token"}',
    ],
)
def test_another_grant_would_be_seen(source: str) -> None:
    """The negative control."""
    assert set(grants_named(source)) - {"asked.value"}


@pytest.mark.parametrize(
    "source",
    [
        'secrets = frozenset({"password"})',
        'user = match["password"]',
        'codes = {"unsupported_grant_type": 1}',
        'def ask(): """The ``grant_type``."""',
    ],
)
def test_another_word_is_no_grant(source: str) -> None:
    """A database's password, an error's code and a docstring ask for nothing."""
    assert list(grants_named(source)) == []
