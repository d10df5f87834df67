"""Scripts and styles of two portalkeys are never mixed in one browser."""

import gzip
import re
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from flask import Flask, Response, render_template_string, session
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.web.static_files import STATIC_FOLDER, STATIC_PATH, static_address, static_version
from support.hosting import SETUP, host_app, signed_in

PAGE = "{{ url_for('hubspot_auth.static', filename='connect.js') }}"
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def app(broker: Broker) -> Flask:
    """A host that has everything kept for an hour, by every means."""
    app = host_app(broker)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    app.add_url_rule("/own", "own", lambda: render_template_string(PAGE))

    @app.after_request
    def lay_on(response: Response) -> Response:
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Ada's browser."""
    return signed_in(app)


def caching(client: FlaskClient, path: str) -> str:
    """What the answer at *path* says of caching."""
    with client.get(path) as answer:
        assert answer.status_code == 200
        return answer.headers["Cache-Control"]


def imports_of(client: FlaskClient, path: str) -> Iterator[str]:
    """*path*, and all that is loaded by relative addresses from there."""
    yield path
    with client.get(path) as answer:
        for name in re.findall(r'from "\./([\w./-]+)"', answer.get_data(as_text=True)):
            yield from imports_of(client, f"{path.rpartition('/')[0]}/{name}")


def test_every_address_on_our_pages_has_the_version(client: FlaskClient) -> None:
    """And is there, and may be kept for ever."""
    page = BeautifulSoup(client.get(SETUP).text, "html.parser")
    paths = [str(each["src"]) for each in page.select("script")]
    paths += [str(each["href"]) for each in page.select("link[rel=stylesheet]")]

    assert paths
    for path in paths:
        assert path.startswith(f"{STATIC_PATH}/v-{static_version()}/")
        assert caching(client, path) == FOR_EVER


def test_the_hosts_own_pages_get_it_by_url_for(client: FlaskClient) -> None:
    """No template has to change."""
    assert client.get("/own").text == static_address("connect.js")


@pytest.mark.parametrize(
    "path", [static_address("connect.js"), f"{STATIC_PATH}/connect.js"], ids=["with", "without"]
)
def test_imported_modules_have_it_as_well(client: FlaskClient, path: str) -> None:
    """Whichever way one came, each module has one address, and is one."""
    loaded = {each for each in imports_of(client, path) if each != f"{STATIC_PATH}/connect.js"}

    assert static_address("wait.js") in loaded
    assert loaded == {static_address(each.rpartition("/")[2]) for each in loaded}


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC_FOLDER.glob("*.*")))
def test_an_address_without_it_still_works(client: FlaskClient, name: str) -> None:
    """It is asked for each time; only modules that others import are handed on."""
    with client.get(f"{STATIC_PATH}/{name}") as answer:
        text = answer.get_data(as_text=True)
        is_handed_on = text == f'export * from "./v-{static_version()}/{name}";\n'

        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Access-Control-Allow-Origin" in answer.headers
        assert is_handed_on == (name in {"connect.js", "wait.js", "strings.js", "strings-de.js"})
        assert is_handed_on or answer.data == (STATIC_FOLDER / name).read_bytes()


def test_another_portalkeys_version_is_kept_by_nobody(client: FlaskClient) -> None:
    """A process that is not yet, or no longer, of that version gives its own."""
    assert caching(client, f"{STATIC_PATH}/v-0123456789ab/connect.js") == "no-store"
    assert caching(client, f"{STATIC_PATH}/v-0123456789ab/portalkey.css") == "no-store"


ENCODED = {"Accept-Encoding": "gzip, deflate, br"}


def test_a_browser_asks_again_with_what_it_has(client: FlaskClient) -> None:
    """It is told that this is still so, by the tag of the encoding that it has."""
    path = f"{STATIC_PATH}/portalkey.css"
    first = client.get(path, headers=ENCODED)
    tag = first.headers["ETag"]
    again = client.get(path, headers={**ENCODED, "If-None-Match": tag})
    other = client.get(path, headers={"If-None-Match": tag})

    assert first.headers["Content-Encoding"] == "gzip"
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert again.headers["Cache-Control"] == "no-cache"
    assert again.headers["Vary"] == "Accept-Encoding"
    assert not {"Content-Encoding", "Content-Type"} & set(again.headers.keys())
    assert (other.status_code, other.data) == (200, (STATIC_FOLDER / "portalkey.css").read_bytes())


@pytest.mark.parametrize("encoding", [ENCODED, {}], ids=["gzip", "plain"])
def test_a_look_at_the_head(client: FlaskClient, encoding: dict[str, str]) -> None:
    """It is the same head, and nothing else."""
    path = static_address("connect.js")
    head, whole = client.head(path, headers=encoding), client.get(path, headers=encoding)

    assert head.data == b""
    assert dict(head.headers) == dict(whole.headers)
    assert int(head.headers["Content-Length"]) == len(whole.data)


def test_a_range_is_answered_with_the_whole(client: FlaskClient) -> None:
    """No half of one encoding is ever joined to the half of another."""
    wanted = {**ENCODED, "Range": "bytes=100-199"}
    answer = client.get(static_address("connect.js"), headers=wanted)

    assert answer.status_code == 200
    assert "Content-Range" not in answer.headers
    assert gzip.decompress(answer.data) == (STATIC_FOLDER / "connect.js").read_bytes()


@pytest.mark.parametrize("path", [static_address("connect.js"), f"{STATIC_PATH}/connect.js"])
def test_a_host_whose_session_goes_along(app: Flask, path: str) -> None:
    """What a cache may keep is the same for all, and bears nobody's cookie."""
    app.before_request(lambda: session.update(user="ada"))
    answer = app.test_client().get(path, headers=ENCODED)

    assert "Set-Cookie" not in answer.headers
    assert answer.headers.getlist("Vary") == ["Accept-Encoding"]


@pytest.mark.parametrize("name", ["none.js", "../strings/en.py", "v-x", "portalkey"])
def test_what_is_not_there_is_not_kept_for_ever(client: FlaskClient, name: str) -> None:
    """A file of a later version may be, in a moment."""
    with client.get(f"{STATIC_PATH}/v-{static_version()}/{name}") as answer:
        assert answer.status_code == 404
        assert answer.headers["Cache-Control"] != FOR_EVER
