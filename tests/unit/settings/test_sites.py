"""Origins of one site, as browsers see it."""

import pytest
from cryptography.fernet import Fernet

from portalkey.errors import BadSettings
from portalkey.settings import Settings
from portalkey.settings.urls import site


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
    assert site(one) == site(other)


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
    assert site(one) != site(other)


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
