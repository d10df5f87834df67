"""What the place that requests arrive at says of the settings."""

import pytest
from cryptography.fernet import Fernet

from portalkey.settings import Settings
from portalkey.settings.surroundings import Arrival
from portalkey.web.arrival import find_oddities

PUBLIC = "https://app.example.com"


def settings(mount: str) -> Settings:
    """Settings of an app at *mount*."""
    return Settings(
        client_id="c",
        client_secret="s" * 20,
        keys=f"a:{Fernet.generate_key().decode()}",
        public_url=PUBLIC,
        redirect_uri=f"{PUBLIC}{mount}/auth/hubspot/callback",
    )


@pytest.mark.parametrize(
    ("mount", "root", "session_path"),
    [
        ("", "", "/"),
        ("/crm", "/crm", "/"),
        ("/crm", "/crm", "/crm"),
        ("/crm", "/crm", "/crm/"),
        ("/crm/eu", "/crm/eu", "/crm"),
    ],
)
def test_a_place_that_fits_is_not_spoken_of(mount: str, root: str, session_path: str) -> None:
    """Redirect URI and server agree, and the session's cookie comes along."""
    assert not list(find_oddities(settings(mount), Arrival(root, session_path=session_path)))


@pytest.mark.parametrize(
    ("mount", "root", "session_path", "remedy"),
    [
        ("", "/crm", "/", f"set HUBSPOT_REDIRECT_URI to {PUBLIC}/crm/auth/hubspot/callback."),
        ("/crm", "/shop", "/", f"set HUBSPOT_REDIRECT_URI to {PUBLIC}/shop/auth/hubspot/callback."),
        ("/crm", "", "/", "let the proxy send X-Forwarded-Prefix: /crm"),
        ("", "", "/crm", "set SESSION_COOKIE_PATH to /, or APPLICATION_ROOT."),
        ("/crm", "/crm", "/cr", "set SESSION_COOKIE_PATH to /crm, or APPLICATION_ROOT."),
    ],
)
def test_a_place_that_does_not_fit_is_named_with_its_remedy(
    mount: str, root: str, session_path: str, remedy: str
) -> None:
    """One warning, whichever side is wrong."""
    (warning,) = find_oddities(settings(mount), Arrival(root, session_path=session_path))

    assert warning.code == "mount_differs"
    assert remedy in warning.sentence
    assert f"mounted at {mount or '/'}," in warning.sentence
    assert f"at {root or '/'}," in warning.sentence


def test_a_session_of_another_app_is_named() -> None:
    """The cookie's name is what has to change."""
    (warning,) = find_oddities(settings(""), Arrival("", "shop", "/", is_session_foreign=True))

    assert warning.code == "session_name_shared"
    assert 'cookie "shop" ' in warning.sentence
