"""Settings of the standalone app only."""

import logging
import subprocess
import sys

import pytest

from portalkey.errors import BadSettings
from portalkey.settings import Settings
from portalkey.settings.standalone import NAMES, StandaloneSettings, read_log_settings
from portalkey.vault.keyring import new_key

TOKEN = "a-token-of-the-metrics"


def read(**more: str) -> StandaloneSettings:
    """Settings that hold *more* than the least."""
    return StandaloneSettings.from_env(None, more)


def test_nothing_is_needed() -> None:
    """Text at INFO, no metrics, and an owner for each session."""
    settings = read()

    assert (settings.log_format, settings.log_level) == ("text", logging.INFO)
    assert (settings.metrics_token, settings.owner, settings.owner_header) == (None, "", "")


def test_the_operator_says_it_all() -> None:
    """Names and forms are those of docs/settings.md."""
    settings = read(
        PORTALKEY_LOG_FORMAT="json",
        PORTALKEY_LOG_LEVEL="Warning",
        PORTALKEY_METRICS_TOKEN=TOKEN,
        PORTALKEY_OWNER_HEADER="X-Forwarded-User",
        PORTALKEY_TRUSTED_PROXIES="10.0.0.7, 192.0.2.0/24 2001:db8::/32",
    )

    assert (settings.log_format, settings.log_level) == ("json", logging.WARNING)
    assert settings.metrics_token is not None
    assert settings.metrics_token.get_secret_value() == TOKEN
    assert settings.trusted_proxies == ("10.0.0.7", "192.0.2.0/24", "2001:db8::/32")
    assert TOKEN not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORTALKEY_LOG_FORMAT", "xml", "must be text or json"),
        ("PORTALKEY_LOG_LEVEL", "loud", "must be one of debug, info, warning, error"),
        ("PORTALKEY_METRICS_TOKEN", "short", "must be 16 to 512 visible characters"),
        ("PORTALKEY_OWNER_HEADER", "X User", "must be the name of a header"),
        ("PORTALKEY_TRUSTED_PROXIES", "proxy.local", "names proxy.local, which is no address"),
        ("PORTALKEY_TRUSTED_PROXIES", "10.0.0.7/24", "names 10.0.0.7/24"),
    ],
)
def test_what_cannot_be_used_is_refused(name: str, value: str, sentence: str) -> None:
    """By name, with what would do."""
    with pytest.raises(BadSettings, match=f"{name} {sentence}"):
        read(**{name: value})


def test_a_header_needs_whoever_may_send_it() -> None:
    """Otherwise every visitor could say who they are."""
    with pytest.raises(BadSettings, match="PORTALKEY_OWNER_HEADER needs PORTALKEY_TRUSTED_PROXIES"):
        read(PORTALKEY_OWNER_HEADER="X-User")
    with pytest.raises(BadSettings, match="of no use without PORTALKEY_OWNER_HEADER"):
        read(PORTALKEY_TRUSTED_PROXIES="10.0.0.7")


def test_owners_are_said_in_one_way() -> None:
    """One of the two would win, and nobody could tell which."""
    with pytest.raises(BadSettings, match="keep one of them"):
        read(
            PORTALKEY_OWNER="ada",
            PORTALKEY_OWNER_HEADER="X-User",
            PORTALKEY_TRUSTED_PROXIES="10.0.0.7",
        )


def test_an_app_of_ones_own_leaves_them_alone() -> None:
    """They are no misspelt names of its settings, though one like them would be."""
    enough = {
        "HUBSPOT_CLIENT_ID": "client-1",
        "HUBSPOT_CLIENT_SECRET": "secret",
        "PORTALKEY_KEYS": f"first:{new_key().get_secret_value()}",
    }
    assert Settings.from_env(None, {**enough, **dict.fromkeys(NAMES, "x")})
    with pytest.raises(BadSettings, match="PORTALKEY_LOG_FORMATS"):
        Settings.from_env(None, {**enough, "PORTALKEY_LOG_FORMATS": "x"})


METRICS = """
import sys
sys.modules["prometheus_client"] = None
from portalkey.errors import BadSettings
from portalkey.settings.standalone import StandaloneSettings
try:
    StandaloneSettings.from_env(None, {"PORTALKEY_METRICS_TOKEN": "canary-0123456789"})
except BadSettings as trouble:
    print(trouble)
"""


def test_a_token_of_metrics_that_nothing_can_count_is_refused() -> None:
    """In one sentence with what to install, before anything starts."""
    done = subprocess.run(
        [sys.executable, "-c", METRICS], capture_output=True, text=True, check=True
    )

    assert "PORTALKEY_METRICS_TOKEN needs pip install 'portalkey[metrics]'" in done.stdout
    assert "canary" not in done.stdout


def test_the_worker_reads_what_is_said_of_the_log_alone() -> None:
    """The rest is of no use to it, and may be what its installation cannot do."""
    header = {"PORTALKEY_OWNER_HEADER": "X-User"}  # which the app refuses by itself

    assert read_log_settings(None, header) is None
    said = read_log_settings(None, header | {"PORTALKEY_LOG_LEVEL": "debug"})
    assert said == ("text", logging.DEBUG)
