"""Origins of one site, as browsers see it."""

import subprocess
import sys

import pytest
from cryptography.fernet import Fernet

from portalkey.errors import BadSettings
from portalkey.settings import Settings
from portalkey.settings.urls import is_same_site

WITHOUT_THE_LIST = """
import sys
sys.modules["publicsuffixlist"] = None
from portalkey import Settings
from portalkey.errors import BadSettings
try:
    Settings(
        client_id="x",
        client_secret="x",
        keys="a:{key}",
        public_url="https://api.example.com",
        redirect_uri="https://api.example.com/auth/hubspot/callback",
        allowed_origins="{origins}",
    )
except BadSettings as refusal:
    print(refusal)
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://app.example.com", "https://api.example.com"),
        ("https://example.com", "https://www.example.com:8443"),
        ("https://a.b.example.co.uk", "https://example.co.uk"),
        ("http://localhost:5173", "http://localhost:6001"),
        ("https://ada.github.io", "https://www.ada.github.io"),
    ],
)
def test_one_site(one: str, other: str) -> None:
    """Subdomains and ports do not count."""
    assert is_same_site(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://app.example.com", "https://app.example.org"),
        ("https://one.co.uk", "https://other.co.uk"),
        ("https://ada.github.io", "https://eve.github.io"),
        ("http://localhost:5173", "https://localhost:5173"),
        ("https://example.com", "https://example.com.evil.net"),
        ("https://co.uk", "https://example.co.uk"),
    ],
)
def test_two_sites(one: str, other: str) -> None:
    """Neither do the letters: what counts is who can register the name, and the scheme."""
    assert not is_same_site(one, other)


def test_two_sites_do_not_start() -> None:
    """Browsers would keep the session's cookie back: the reason is given, and what to do."""
    with pytest.raises(BadSettings, match=r"another site than https://api\.example\.com") as caught:
        Settings(
            client_id="x",
            client_secret="x",
            keys=f"a:{Fernet.generate_key().decode()}",
            public_url="https://api.example.com",
            redirect_uri="https://api.example.com/auth/hubspot/callback",
            allowed_origins="https://app.example.com https://app.example.net",
        )

    assert "https://app.example.net" in str(caught.value)
    assert "https://app.example.com, which" not in str(caught.value)


def refusal_without_the_list(origins: str) -> str:
    """What is said of *origins* where the list of public suffixes is not installed."""
    code = WITHOUT_THE_LIST.format(key=Fernet.generate_key().decode(), origins=origins)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_without_the_list_a_second_host_is_refused() -> None:
    """Whether the two are one site would be a guess: the extra that knows is named."""
    refusal = refusal_without_the_list("https://app.example.com")

    assert "PORTALKEY_ALLOWED_ORIGINS names https://app.example.com, another host" in refusal
    assert "pip install 'portalkey[origins]'" in refusal


def test_another_port_of_a_host_needs_no_list() -> None:
    """Nor does another scheme, which is another site whatever the host."""
    assert refusal_without_the_list("https://api.example.com:8443") == ""
    assert "another site" in refusal_without_the_list("http://localhost:5173")
