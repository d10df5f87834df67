"""The fixtures of the pytest plugin, in test files such as our users write."""

import importlib

import pytest
from _pytest.outcomes import Failed

from portalkey import testing
from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey.testing.account import connect
from portalkey.testing.parts import broker_over, flask_app
from portalkey.testing.plugin import needing_the_extra
from portalkey.vault import MemoryStore
from portalkey_simulator import HubSpot

pytest_plugins = ("pytester",)

QUICK = ("-p", "no:xdist", "-p", "no:hypothesispytest", "--strict-markers")

FIXTURES = """
import pytest

from portalkey.errors import NeedsReconnect

def test_a_hubspot_of_its_own(hubspot):
    assert hubspot.requests == ()
    assert hubspot.url == f"http://localhost:{hubspot.port}"

def test_the_clock_moves_both_sides(hubspot, broker, connected_account):
    first = connected_account.access_token()
    assert connected_account.access_token() == first
    hubspot.clock.move(1900)
    assert connected_account.access_token() != first

def test_uninstalled(hubspot, connected_account):
    hubspot.uninstall(connected_account.hub_id)
    hubspot.clock.move(1900)
    with pytest.raises(NeedsReconnect):
        connected_account.access_token()

def test_an_app_to_click_through(hubspot, broker, portalkey_app):
    client = portalkey_app.test_client()
    page = client.get("/connections/setup").text
    link = page.split('href="/auth/hubspot/start')[1].split('"')[0].replace("&amp;", "&")
    away = client.get(f"/auth/hubspot/start{link}")
    client.get(hubspot.approve(away.location))
    assert broker.access_token("test-owner")

@pytest.mark.hubspot(access_token_seconds=60, rotate_refresh_tokens=True)
class TestSwitches:
    @pytest.mark.hubspot(access_token_seconds=90)
    def test_set_for_one_test(self, hubspot):
        hubspot.reset()
        assert hubspot.switches.access_token_seconds == 90
        assert hubspot.switches.rotate_refresh_tokens

class TestOverridden:
    @pytest.fixture
    def portalkey_owner(self):
        return "grace"

    @pytest.fixture
    def portalkey_settings(self, portalkey_settings):
        return portalkey_settings.model_copy(update={"pkce": False})

    def test_each_part(self, hubspot, connected_account):
        assert connected_account.owner == "grace"
        assert "code_verifier" not in hubspot.requests[0].form
"""

WRONG = """
import pytest

@pytest.mark.hubspot(acess_token_seconds=60)
def test_misspelt(hubspot):
    pass

@pytest.mark.hubspot("rotate_refresh_tokens")
def test_without_a_name(hubspot):
    pass
"""

OWN = """
import pytest

from portalkey_simulator import App, running_hubspot

CALLBACK = "http://localhost:8000/auth/hubspot/callback"
APPS = [
    App("c", "s", (CALLBACK,), required_scopes=("oauth", "tickets")),
    App("c", "s", (CALLBACK,), required_scopes=("oauth", "tickets"), conditional_scopes=()),
    App("c", "s", (CALLBACK,), conditional_scopes=("crm.lists.read",), optional_scopes=("forms",)),
    App("c", "s", (CALLBACK,), optional_scopes=("crm.objects.contacts.read",)),
]

class TestOwnApp:
    @pytest.fixture(params=APPS)
    def hubspot(self, request):
        with running_hubspot(apps=[request.param]) as running:
            yield running

    def test_connects(self, hubspot, broker, connected_account):
        (connection,) = broker.connections("test-owner")
        app = hubspot.app
        asked = [app.required_scopes, app.conditional_scopes or (), app.optional_scopes or ()]
        assert sorted(connection.scopes) == sorted(sum(asked, ()))

class TestElsewhere:
    @pytest.fixture(params=[(), ("https://app.example/back",)])
    def hubspot(self, request):
        with running_hubspot(apps=[App("c", "s", request.param)]) as running:
            yield running

    def test_does_not_do(self, portalkey_settings):
        pass
"""


def test_every_fixture_in_a_users_tests(pytester: pytest.Pytester) -> None:
    """They fit together as the docs have it, without a line of configuration."""
    pytester.makepyfile(FIXTURES)

    pytester.runpytest_inprocess(*QUICK).assert_outcomes(passed=6)


def test_a_switch_that_is_misspelt(pytester: pytest.Pytester) -> None:
    """The test errs with the names that there are, or with how to name one."""
    pytester.makepyfile(WRONG)
    result = pytester.runpytest_inprocess(*QUICK)

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*acess_token_seconds*there are: *access_token_seconds*"])
    result.stdout.fnmatch_lines(["the marker hubspot takes switches by their names*"])


def test_an_app_of_ones_own(pytester: pytest.Pytester) -> None:
    """It is asked for the scopes that it has, and its address has to be one of ours."""
    pytester.makepyfile(OWN)
    result = pytester.runpytest_inprocess(*QUICK)

    result.assert_outcomes(passed=4, errors=2)
    bad = "*BadSettings*"
    result.stdout.fnmatch_lines([bad, "*HUBSPOT_REDIRECT_URI must be an absolute address*", bad])


def test_something_is_not_installed() -> None:
    """The message names the extra to install."""
    told = r"needs no-such-thing; run: pip install 'portalkey\[testing\]'"

    with pytest.raises(Failed, match=told), needing_the_extra():
        importlib.import_module("no_such_thing")


def test_hubspot_refuses_while_an_account_is_connected(broker: Broker, hubspot: HubSpot) -> None:
    """A test that begins connected never begins with nothing."""
    hubspot.next_token_refusal("EXPIRED_AUTH_CODE")

    with pytest.raises(RuntimeError, match="ada was not connected: the attempt ended "):
        connect(broker, hubspot, "ada")


def test_two_accounts_of_one_owner(broker: Broker, hubspot: HubSpot) -> None:
    """Each is the one that was just connected."""
    ids = [connect(broker, hubspot, "ada", account.hub_id).hub_id for account in hubspot.accounts]

    assert ids == [account.hub_id for account in hubspot.accounts]


def test_an_app_below_a_path(settings: Settings, hubspot: HubSpot) -> None:
    """Its test clients find it where it is mounted."""
    mounted = settings.model_copy(
        update={"redirect_uri": f"{settings.public_url}/crm/auth/hubspot/callback"}
    )
    broker = broker_over(mounted, MemoryStore(), hubspot)

    answer = flask_app(broker, "ada").test_client().get("/connections/setup")
    broker.close()
    assert "/crm/auth/hubspot/start" in answer.text


def test_a_name_that_is_not_there() -> None:
    """A slip of the pen is told as for any module."""
    with pytest.raises(AttributeError, match="no attribute 'StoreContrat'"):
        vars(testing)["__getattr__"]("StoreContrat")
