"""HubSpot's own validator of signatures, as an oracle for portalkey's.

Known differences, which docs/interop.md lists: HubSpot's does not decode the address, though its
documentation says so; it accepts what is signed for the future, and timestamps that are no whole
number of milliseconds; it reads no headers, and takes no bytes.
"""

import time
from datetime import UTC, datetime

import pytest
from hubspot.exceptions import InvalidSignatureTimestampError
from hubspot.utils.signature import Signature as Oracle
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from portalkey.errors import NotFromHubSpot
from portalkey.hubspot.signature import SignedRequest, Version, verify

SECRETS = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() != "")
TEXTS = st.text(max_size=60)
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"])
# Of these letters none makes an escape that only portalkey decodes.
PLAIN = st.text(alphabet="bdx/:?=&.-_~%20+é ", max_size=40)
VERSIONS: tuple[Version, ...] = ("v1", "v2", "v3")
AGES = st.integers(-400, -310) | st.integers(-290, 0)
"""Seconds; close to five minutes, the two look at the clock one after the other."""
UNDECODED = ("%20", "%25", "%26", "%C3%A9")
"""Escapes that neither decodes."""


def now() -> str:
    """The time, as HubSpot writes it."""
    return str(int(time.time() * 1000))


def signature_of(
    version: Version, secret: str, method: str, url: str, body: str, timestamp: str
) -> str:
    """What HubSpot's own code makes."""
    made: str = Oracle.get_signature(
        client_secret=secret,
        request_body=body,
        signature_version=version,
        http_uri=url,
        http_method=method,
        timestamp=timestamp,
    )
    return made


def oracle_says(
    version: Version, text: str, secret: str, method: str, url: str, body: str, timestamp: str
) -> bool:
    """What HubSpot's own validator says."""
    try:
        return bool(
            Oracle.is_valid(
                signature=text,
                client_secret=secret,
                request_body=body,
                http_uri=url,
                http_method=method,
                signature_version=version,
                timestamp=timestamp,
            )
        )
    except InvalidSignatureTimestampError:
        return False


def we_say(
    version: Version, text: str, secret: str, method: str, url: str, body: str, timestamp: str
) -> bool:
    """What portalkey's says."""
    older = [("X-HubSpot-Signature", text), ("X-HubSpot-Signature-Version", version)]
    newest = [("X-HubSpot-Signature-v3", text), ("X-HubSpot-Request-Timestamp", timestamp)]
    headers = newest if version == "v3" else older
    request = SignedRequest(method, url, headers, body.encode())
    try:
        verify(request, [SecretStr(secret)], lambda: datetime.now(UTC), oldest="v1")
    except NotFromHubSpot:
        return False
    return True


@pytest.mark.parametrize("version", VERSIONS)
@given(secret=SECRETS, method=METHODS, path=st.sampled_from(UNDECODED) | PLAIN, body=TEXTS)
def test_what_hubspots_code_signs(
    version: Version, secret: str, method: str, path: str, body: str
) -> None:
    """Both accept it."""
    url, timestamp = f"https://app.example.com/{path}", now()
    text = signature_of(version, secret, method, url, body, timestamp)
    whole = (version, text, secret, method, url, body, timestamp)

    assert oracle_says(*whole)
    assert we_say(*whole)


@pytest.mark.parametrize("version", VERSIONS)
@given(data=st.data(), secret=SECRETS, method=METHODS, path=PLAIN, body=TEXTS)
def test_whatever_is_changed(
    version: Version, data: st.DataObject, secret: str, method: str, path: str, body: str
) -> None:
    """Both say the same of it: secret, method, address, body and time by themselves or together."""
    url, timestamp = f"https://app.example.com/{path}", now()
    text = signature_of(version, secret, method, url, body, timestamp)
    changed = (
        data.draw(st.just(secret) | SECRETS),
        data.draw(st.just(method) | METHODS),
        data.draw(st.just(url) | PLAIN),
        data.draw(st.just(body) | TEXTS),
        data.draw(st.just(timestamp) | AGES.map(lambda s: moved(timestamp, s))),
    )

    assert oracle_says(version, text, *changed) == we_say(version, text, *changed)


def moved(timestamp: str, seconds: int) -> str:
    """The time so much later."""
    return str(int(timestamp) + seconds * 1000)


URL, BODY = "https://app.example.com/hook", "[]"


@pytest.mark.parametrize("seconds", [-600, -310, -290, 0])
def test_age(seconds: int) -> None:
    """Both have five minutes."""
    timestamp = moved(now(), seconds)
    text = signature_of("v3", "secret", "POST", URL, BODY, timestamp)
    whole = ("v3", text, "secret", "POST", URL, BODY, timestamp)

    assert oracle_says(*whole) == we_say(*whole) == (seconds > -300)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "timestamp"),
    [
        (f"{URL}?a=%2F", now()),  # its documentation decodes this, and its code does not
        (URL, moved(now(), 3600)),  # from the future
        (URL, f"{now()}.0"),
        (URL, f" {now()}"),
    ],
)
def test_known_differences(url: str, timestamp: str) -> None:
    """HubSpot's code accepts what portalkey refuses, and never the other way round but for this."""
    text = signature_of("v3", "secret", "POST", url, BODY, timestamp)
    whole = ("v3", text, "secret", "POST", url, BODY, timestamp)

    assert oracle_says(*whole)  # type: ignore[arg-type]
    assert not we_say(*whole)  # type: ignore[arg-type]


def test_an_address_as_documented() -> None:
    """The other way round: signed over the decoded address, only portalkey takes it."""
    timestamp = now()
    text = signature_of("v3", "secret", "POST", f"{URL}?a=/", BODY, timestamp)
    whole = ("v3", text, "secret", "POST", f"{URL}?a=%2F", BODY, timestamp)

    assert we_say(*whole)  # type: ignore[arg-type]
    assert not oracle_says(*whole)  # type: ignore[arg-type]
