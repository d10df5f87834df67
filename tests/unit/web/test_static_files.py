"""What whoever asks for a script or a style is answered, whatever skin it is asked by."""

import gzip
from collections.abc import Mapping

import pytest

from portalkey.web.http import WebResponse
from portalkey.web.static_files import STATIC_FOLDER, answer_static, static_version

FOR_EVER = "public, max-age=31536000, immutable"
SCRIPT = "connect.js"
WHOLE = (STATIC_FOLDER / SCRIPT).read_bytes()


def answered(
    name: str = SCRIPT,
    version: str | None = static_version(),
    accepted: str | None = "gzip, deflate, br, zstd",
    known: str | None = None,
) -> WebResponse:
    """The answer to a browser."""
    answer = answer_static(name, version, accepted, known)
    assert answer is not None
    return answer


def varying(headers: Mapping[str, str]) -> Mapping[str, str]:
    """What of *headers* has to be the same in an answer without a body (RFC 9110, 15.4.5)."""
    return {name: headers[name] for name in ("Cache-Control", "ETag", "Vary")}


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC_FOLDER.iterdir()))
def test_a_browser_gets_it_compressed(name: str) -> None:
    """And whoever takes nothing compressed the file as it is, of which caches are told."""
    plain, packed = answered(name, accepted=None), answered(name)
    assert isinstance(packed.body, bytes)

    assert plain.body == (STATIC_FOLDER / name).read_bytes()
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body)


def test_what_would_only_grow_is_sent_as_it_is() -> None:
    """A line that hands on to another address is one."""
    line = answered(version=None)

    assert line.body == f'export * from "./v-{static_version()}/{SCRIPT}";\n'.encode()
    assert "Content-Encoding" not in line.headers


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("br;q=1.0, GZIP ; Q=0.001", True),
        ("*", True),
        ("deflate, *;q=0.5", True),
        ("gzip, identity", True),
        ("identity;q=0, *;q=0.1", True),
        ("gzip;q=0.5, identity;q=0.8", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity", False),
        ("", False),
        (None, False),
        ("br", False),
        ("gzipped", False),
        ("gzip;q=", False),
        ("gzip;level=9", False),
        ("gzip;q=nan", False),
        (";;,,=;q", False),
    ],
)
def test_what_a_browser_takes_is_what_it_gets(accepted: str | None, *, is_packed: bool) -> None:
    """No coding that it refuses, or names no liking for; one that cannot be read is not meant."""
    assert ("Content-Encoding" in answered(accepted=accepted).headers) is is_packed


def test_each_encoding_has_a_tag_of_its_own() -> None:
    """Or a cache would take one for the other."""
    assert answered().headers["ETag"] != answered(accepted=None).headers["ETag"]


@pytest.mark.parametrize("version", [static_version(), None, "0123456789ab"])
@pytest.mark.parametrize("accepted", ["gzip", None])
@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', "*"])
def test_what_is_there_already_is_not_sent_again(
    version: str | None, accepted: str | None, known: str
) -> None:
    """Nor where a proxy on the way weakened the tag."""
    first = answered(version=version, accepted=accepted)
    again = answered(version=version, accepted=accepted, known=known.format(first.headers["ETag"]))

    assert again.status == 304
    assert again.body == ""
    assert varying(again.headers) == varying(first.headers)
    assert "Content-Encoding" not in again.headers


@pytest.mark.parametrize("known", [None, "", '"other"', "W/", static_version(), "gzip"])
def test_what_is_not_there_is_sent(known: str | None) -> None:
    """A tag of another file, encoding or portalkey names none of it."""
    plain = answered(accepted=None).headers["ETag"]

    assert answered(known=known).status == 200
    assert answered(known=plain).status == 200


def test_only_its_own_version_is_kept_for_ever() -> None:
    """A wrong one may be another portalkey's, whose files these are not."""
    kept = {each: answered(version=each).headers["Cache-Control"] for each in (None, "0" * 12, "")}

    assert answered().headers["Cache-Control"] == FOR_EVER
    assert kept == {None: "no-cache", "0" * 12: "no-store", "": "no-store"}


@pytest.mark.parametrize("name", ["", "none.js", "../web/http.py", "connect.js.gz", "."])
def test_there_is_nothing_else(name: str) -> None:
    """Only what stands in the one folder is ever read."""
    assert answer_static(name, static_version()) is None


def test_it_is_compressed_once() -> None:
    """A process keeps what it made, and never more than there are files."""
    assert answered().body is answered().body


def test_a_script_is_a_script_whatever_the_system_says() -> None:
    """A list of types that says otherwise, as some Windows have it, would break every button."""
    assert answered().headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answered("icon.svg").headers["Content-Type"] == "image/svg+xml"
