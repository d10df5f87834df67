"""The address that HubSpot sent a request to, as the settings and the request line say it."""

import pytest

from portalkey.web.hubspot_requests import ReceivedRequest, find_url

ORIGIN = "https://app.example.com"


def url_of(mount: str = "", **environ: str) -> str:
    """The address of a request with this WSGI environment, to an app that is mounted there."""
    whole = {"REQUEST_METHOD": "POST", "HTTP_HOST": "evil.example", **environ}
    return find_url(ReceivedRequest.of_environ(whole, [], b""), ORIGIN, mount).removeprefix(ORIGIN)


@pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI"])
@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/hook", "/hook", ""),
        ("/hook?", "/hook", ""),
        ("/hook?a=1&a=%41", "/hook", "a=1&a=%41"),
        ("/hook?a=?b", "/hook", "a=?b"),
        ("/h%6Fok%2Fa", "/hook/a", ""),
        ("/caf%C3%A9", "/caf\u00c3\u00a9", ""),
        ("/%FF", "/\u00ff", ""),
        ("//hook", "//hook", ""),
    ],
)
def test_escapes_are_those_that_were_sent(name: str, target: str, path: str, query: str) -> None:
    """A server that tells the request line has them, under either name."""
    assert url_of(PATH_INFO=path, QUERY_STRING=query, **{name: target}) == target


@pytest.mark.parametrize(
    ("path", "query", "url"),
    [
        ("/hook", "", "/hook"),
        ("/hook", "a=%20&b", "/hook?a=%20&b"),
        ("/a b/caf\u00c3\u00a9", "", "/a%20b/caf%C3%A9"),
        ("/a:b@c!$&'()*+,;=-._~", "", "/a:b@c!$&'()*+,;=-._~"),
        ("/a%b?c#d[]", "", "/a%25b%3Fc%23d%5B%5D"),
        ("", "", ""),
    ],
)
def test_a_server_that_does_not_tell(path: str, query: str, url: str) -> None:
    """The path is quoted as seldom as can be; the query came with its escapes."""
    assert url_of(PATH_INFO=path, QUERY_STRING=query) == url


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/other", "/hook", ""),
        ("/hook?x=1", "/hook", "x=2"),
        ("/hook?x=1", "/hook", ""),
        ("/crm/hook", "/hook", ""),
        ("*", "/hook", ""),
    ],
)
def test_a_request_line_that_means_something_else(target: str, path: str, query: str) -> None:
    """What was routed to is what has to be signed, whatever came between rewrote."""
    assert url_of(PATH_INFO=path, QUERY_STRING=query, RAW_URI=target) == "?".join(
        filter(None, (path, query))
    )


def test_a_request_line_with_a_host() -> None:
    """Proxies are sent whole addresses (RFC 9112 section 3.2.2); whose host is no matter here."""
    line = "http://evil.example/h%6Fok?x"
    assert url_of(PATH_INFO="/hook", QUERY_STRING="x", RAW_URI=line) == "/h%6Fok?x"


@pytest.mark.parametrize(
    ("root", "path", "target"),
    [
        ("/crm", "/hook/a", "/crm/hook%2Fa"),
        ("/crm", "/hook/a", "/hook%2Fa"),
        ("", "/hook/a", "/crm/hook%2Fa"),
        ("", "/hook/a", "/hook%2Fa"),
        ("/evil", "/hook/a", "/evil/hook%2Fa"),
        ("/evil", "/hook/a", "/hook%2Fa"),
    ],
)
def test_below_a_mount(root: str, path: str, target: str) -> None:
    """The settings alone say it, whether a proxy took it off, left it on, or told of another."""
    told = {"SCRIPT_NAME": root, "PATH_INFO": path, "RAW_URI": target}

    assert url_of("/crm", **told) == "/crm/hook%2Fa"


def test_a_path_that_is_called_like_the_mount() -> None:
    """What is below it may begin with the same word."""
    twice = {"PATH_INFO": "/crm/hook", "RAW_URI": "/crm/hook"}

    assert url_of("/crm", SCRIPT_NAME="/crm", **twice) == "/crm/crm/hook"
    assert url_of("/crm", SCRIPT_NAME="", **twice) == "/crm/crm/hook"


@pytest.mark.parametrize(
    ("root", "path", "raw", "query", "url"),
    [
        ("", "/hook/a", b"/hook%2Fa", b"x=%2f", "/crm/hook%2Fa?x=%2f"),
        ("/crm", "/crm/hook/a", b"/crm/hook%2Fa", b"", "/crm/hook%2Fa"),
        ("/crm/", "/crm/hook", b"/crm/hook", b"", "/crm/hook"),
        ("/crm", "/hook", b"/hook", b"", "/crm/hook"),
        ("/crm", "/crmhook", b"/crmhook", b"", "/crm/crmhook"),
        ("/evil", "/evil/hook", b"/evil/hook", b"", "/crm/hook"),
        ("", "/caf\u00e9 x", None, b"x", "/crm/caf%C3%A9%20x?x"),
        ("", "/hook", b"/hook?x=1", b"x=1", "/crm/hook?x=1"),
        ("", "/hook", b"/other", b"", "/crm/hook"),
    ],
)
def test_on_an_event_loop(root: str, path: str, raw: bytes | None, query: bytes, url: str) -> None:
    """An ASGI server tells where the app is mounted, leaves it on the path, and has it escaped."""
    headers = [(b"host", b"evil.example"), (b"x", b"\xe9"), (b"x", b"2")]
    scope = {
        "method": "PUT",
        "path": path,
        "raw_path": raw,
        "query_string": query,
        "headers": headers,
    }
    received = ReceivedRequest.of_scope(scope, b"{}", root)

    assert find_url(received, ORIGIN, "/crm") == f"{ORIGIN}{url}"
    assert received.headers == [("host", "evil.example"), ("x", "\u00e9"), ("x", "2")]
    assert (received.method, received.body) == ("PUT", b"{}")
