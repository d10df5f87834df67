import pytest

from portalkey.settings import urls

GOOD = [
    "https://app.example.com",
    "https://app.example.com:8443",
    "https://xn--bcher-kva.example",
    "https://intranet",
    "https://1.example.com",
    "http://localhost:6001",
    "http://localhost",
    "https://localhost:6001",
]
BAD = [
    "",
    "app.example.com",
    "//app.example.com",
    "http://app.example.com",
    "http://app.localhost:6001",
    "http://127.0.0.1:6001",
    "https://127.0.0.1",
    "https://[::1]",
    "https://0x7f.1",
    "https://2130706433",
    "https://app.example.com.",
    "https://app..example.com",
    "https://-app.example.com",
    "https://*.example.com",
    "https://user@example.com",
    "https://user:password@example.com",
    "https://app.example.com/x",
    "https://app.example.com//",
    "https://app.example.com?x",
    "https://app.example.com#x",
    "https://app.example.com:443",
    "http://localhost:80",
    "https://app.example.com:0",
    "https://app.example.com:065",
    "https://app.example.com:65536",
    "https://app.example.com:",
    "https://App.example.com",
    "HTTPS://app.example.com",
    "https://bücher.example",
    "https://app.example.com\n",
    "https://app.example.com\\@evil.test",
    "https://app example.com",
    "ftp://app.example.com",
    "javascript:alert(1)",
    "null",
    "https://" + "a." * 300 + "com",
    "https://" + "a" * 64 + ".com",
]


@pytest.mark.parametrize("text", GOOD)
def test_origin(text: str) -> None:
    """There is one way to write an origin, but for a slash at its end."""
    assert urls.origin(text) == text
    assert urls.origin(f"{text}/") == text


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_origin(text: str) -> None:
    """What a browser would write in another way, or read in another way, is refused."""
    with pytest.raises(ValueError, match=r"such as https://app\.example\.com"):
        urls.origin(text)


@pytest.mark.parametrize("text", GOOD)
@pytest.mark.parametrize("mount", ["", "/crm", "/a/b-c/~d.e"])
def test_redirect_uri(text: str, mount: str) -> None:
    """What stands before our route is where the app is mounted."""
    found = urls.redirect_uri(f"{text}{mount}/auth/hubspot/callback")

    assert found == (text, mount)


@pytest.mark.parametrize(
    "text",
    [
        *(f"{text}/auth/hubspot/callback" for text in BAD if not text.endswith(".com/x")),
        "https://app.example.com",
        "https://app.example.com/callback",
        "https://app.example.com/auth/hubspot/callback/",
        "https://app.example.com/auth/hubspot/callback?x=1",
        "https://app.example.com/auth/hubspot/callback#x",
        "https://app.example.com/auth/hubspot/callback\n",
        "https://app.example.com/AUTH/hubspot/callback",
        "https://app.example.com/*/auth/hubspot/callback",
        "https://app.example.com/../auth/hubspot/callback",
        "https://app.example.com/./auth/hubspot/callback",
        "https://app.example.com//auth/hubspot/callback",
        "https://app.example.com/a//auth/hubspot/callback",
        "https://app.example.com/%2e/auth/hubspot/callback",
        "https://app.example.com/auth/hubspot/callback/auth/hubspot/callbackx",
        "/auth/hubspot/callback",
    ],
)
def test_what_is_no_redirect_uri(text: str) -> None:
    """What HubSpot would not register, or could read in another way, is refused."""
    with pytest.raises(ValueError, match="/auth/hubspot/callback"):
        urls.redirect_uri(text)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("https://app.hubspot.com", False),
        ("https://app-eu1.hubspot.com", False),
        ("https://api.hubapi.com", False),
        ("https://simulator.hubspot.com:8443", False),
        ("http://localhost:6101", True),
        ("http://127.0.0.1:6101", True),
    ],
)
def test_hubspot(text: str, *, local: bool) -> None:
    """HubSpot's own hosts, and a simulator on this machine, may see secrets."""
    assert urls.hubspot(f"{text}/") == text
    assert urls.is_local(text) == local


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://hubspot.com.evil.test",
        "https://evilhubspot.com",
        "https://hubspot.com",
        "https://app.hubspot.com@evil.test",
        "https://app.hubspot.com/oauth",
        "https://app.hubspot.com?x",
        "https://app.hubspot.com.",
        "https://user@app.hubspot.com",
        "http://app.hubspot.com",
        "http://localhost",
        "https://localhost:6101",
        "http://127.0.0.1",
        "http://127.0.0.2:80",
        "http://localhost:99999",
        "http://localhost:6101/x",
        "http://user@localhost:6101",
        "http://localhost.evil.test:80",
        "https://169.254.169.254",
        "http://[::1]:6101",
    ],
)
def test_what_is_not_hubspot(text: str) -> None:
    """Nobody else gets to see a client secret."""
    with pytest.raises(ValueError, match=r"under hubspot\.com"):
        urls.hubspot(text)
