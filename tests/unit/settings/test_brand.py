"""The app's name and logo: what people read and see on our pages."""

from base64 import b64encode

import pytest

from portalkey.errors import BadSettings
from portalkey.settings import Settings
from portalkey.vault.keyring import new_key

ENOUGH = {
    "HUBSPOT_CLIENT_ID": "client-1",
    "HUBSPOT_CLIENT_SECRET": "secret",
    "PORTALKEY_KEYS": f"first:{new_key().get_secret_value()}",
}
PIXEL = b64encode(b"\x89PNG\r\n\x1a\n").decode()


def read(**more: str) -> Settings:
    """Settings that hold *more* than the least."""
    return Settings.from_env(None, {**ENOUGH, **more})


@pytest.mark.parametrize("name", ["Harbour Pine", "<b>Bold</b> & Co", "ميناء الصنوبر", "x" * 80])
def test_the_app_is_called_as_the_operator_says(name: str) -> None:
    """A name is text: markup in it is shown and not obeyed."""
    assert read(PORTALKEY_APP_NAME=f" {name} ").app_name == name


def test_an_app_without_a_name_is_called_like_its_host() -> None:
    """People see that in the address bar."""
    settings = read(
        PORTALKEY_PUBLIC_URL="https://crm.example.com",
        HUBSPOT_REDIRECT_URI="https://crm.example.com/auth/hubspot/callback",
    )
    assert settings.app_name == "crm.example.com"


@pytest.mark.parametrize("name", ["x" * 300, "two\nlines", "a\x00b", "line\u2028break"])
def test_a_name_that_breaks_a_page_is_refused(name: str) -> None:
    """It stands in headings and on buttons."""
    with pytest.raises(BadSettings, match="PORTALKEY_APP_NAME has"):
        read(PORTALKEY_APP_NAME=name)


@pytest.mark.parametrize(
    "logo", ["logo.svg", "img/logo.PNG", "a/b-c/d_1.webp", f"data:image/png;base64,{PIXEL}"]
)
def test_a_logo_is_a_file_of_the_app_or_a_data_url(logo: str) -> None:
    """The pages' policy loads nothing else."""
    assert read(PORTALKEY_APP_LOGO=logo).app_logo == logo


@pytest.mark.parametrize(
    "logo",
    [
        "https://cdn.example.com/logo.png",
        "//cdn.example.com/logo.png",
        "/etc/logo.png",
        "../secret.png",
        "img/../../x.png",
        "logo.html",
        "data:text/html;base64,PGI+",
        "data:image/png;base64,???",
        "data:image/png,raw",
    ],
)
def test_any_other_logo_is_refused(logo: str) -> None:
    """Nothing from elsewhere, and nothing that is no image."""
    with pytest.raises(BadSettings, match="PORTALKEY_APP_LOGO must be an image"):
        read(PORTALKEY_APP_LOGO=logo)


def test_a_logo_that_would_weigh_on_each_page_is_refused() -> None:
    """A data URL goes along with each page."""
    with pytest.raises(BadSettings, match="32768 at most"):
        read(PORTALKEY_APP_LOGO=f"data:image/png;base64,{'A' * 40_000}")
