"""Signatures of HubSpot's requests: the pure check."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from portalkey.errors import BadSettings, NotFromHubSpot
from portalkey.hubspot.signature import (
    AGE,
    VERSIONS,
    Signature,
    SignedRequest,
    Version,
    require_version,
    verify,
)
from portalkey_simulator import DEFAULT_APP
from portalkey_simulator.signing import sign

PUBLISHED = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
OURS, OTHER = "11111111-2222-3333-4444-555555555555", "another-secret"
EVENT = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,'
    b'"changeSource":"CRM","changeFlag":"NEW","appId":54321}]'
)
HOOK = "https://app.example.com/hubspot/webhook?x=1"
MOMENT = 1767225600000
SIGNED_AT = datetime.fromtimestamp(MOMENT / 1000, UTC)

V1 = SignedRequest(
    "POST",
    HOOK,
    [
        ("X-HubSpot-Signature", "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"),
        ("X-HubSpot-Signature-Version", "v1"),
    ],
    EVENT,
)
V2 = SignedRequest(
    "GET",
    "https://www.example.com/webhook_uri",
    [
        ("X-HubSpot-Signature", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"),
        ("X-HubSpot-Signature-Version", "v2"),
    ],
    b"",
)
V3 = SignedRequest(
    "POST",
    HOOK,
    [
        ("X-HubSpot-Signature-v3", "/QvkpIFWNHkH0GeOSzHXbFErf2KKm8cxVgTM0mq0V5I="),
        ("X-HubSpot-Request-Timestamp", str(MOMENT)),
    ],
    b'[{"portalId":62515}]',
)


def check(
    request: SignedRequest,
    *secrets: str,
    at: datetime = SIGNED_AT,
    oldest: Version = "v1",
) -> Signature:
    """The signature of *request*, looked at *at* that time."""
    return verify(request, [SecretStr(each) for each in secrets], lambda: at, oldest=oldest)


def cause_of(request: SignedRequest, *secrets: str, at: datetime = SIGNED_AT) -> str:
    """The name of the check that fails, whatever version will do."""
    with pytest.raises(NotFromHubSpot) as caught:
        check(request, *(secrets or (OURS, PUBLISHED)), at=at)
    return caught.value.cause


def with_headers(request: SignedRequest, **changed: str | None) -> SignedRequest:
    """The same *request*, with other values of some headers; None leaves one out."""
    values: dict[str, str | None] = dict(request.headers)
    names = {name.lower().replace("-", "_"): name for name in values}
    for key, value in changed.items():
        values[names.get(key, key.replace("_", "-"))] = value
    return replace(request, headers=[(k, v) for k, v in values.items() if v is not None])


def signed(
    version: Version, url: str = HOOK, body: bytes = b"[]", method: str = "POST"
) -> SignedRequest:
    """A request that the simulator's sender signed with our secret."""
    app = replace(DEFAULT_APP, client_secret=OURS)
    headers = sign(app, version, method, url, body=body, timestamp=MOMENT)
    return SignedRequest(method, url, list(headers.items()), body)


@pytest.mark.parametrize(("request_", "version"), [(V1, "v1"), (V2, "v2")], ids=["v1", "v2"])
def test_the_digests_that_hubspot_publishes(request_: SignedRequest, version: Version) -> None:
    """They hold, and say which version they are of; neither says when it was made."""
    signature = check(request_, PUBLISHED)

    assert (signature.version, signature.until) == (version, None)


def test_version_3() -> None:
    """By HubSpot's formula; it is too old five minutes after it was made."""
    signature = check(V3, OURS, oldest="v3")

    assert signature == Signature("v3", dict(V3.headers)["X-HubSpot-Signature-v3"], SIGNED_AT + AGE)
    assert signature.text not in repr(signature)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_simulator_sends(version: Version) -> None:
    """Sender and check were written apart."""
    assert check(signed(version), OURS).version == version


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
@pytest.mark.parametrize("request_", [V1, V2, V3], ids=["v1", "v2", "v3"])
def test_names_of_headers_in_any_case(request_: SignedRequest, change: object) -> None:
    """Names are not told apart by it (RFC 9110 section 5.1)."""
    headers = [(change(name), value) for name, value in request_.headers]  # type: ignore[operator]

    assert check(replace(request_, headers=headers), PUBLISHED, OURS)


@pytest.mark.parametrize("secrets", [(OURS, OTHER), (OTHER, OURS)])
def test_two_secrets_at_once(secrets: Sequence[str]) -> None:
    """While it is being changed, either may have signed."""
    assert check(V3, *secrets)


@pytest.mark.parametrize("version", VERSIONS)
def test_another_secret(version: Version) -> None:
    """Signs nothing of ours, alone or beside another."""
    request = signed(version)

    assert cause_of(request, OTHER) == cause_of(request, OTHER, "a third") == "signature"


@pytest.mark.parametrize("secrets", [(), ("",), (OURS, ""), ("  ", OURS)])
def test_an_empty_secret(secrets: Sequence[str]) -> None:
    """Anybody knows it, so nothing is judged by it."""
    with pytest.raises(BadSettings, match="HUBSPOT_CLIENT_SECRET"):
        check(signed("v3"), *secrets)


@pytest.mark.parametrize(
    ("sent", "same"),
    [
        ("/a%3Ab", "/a:b"),
        ("/a%2Fb%2fc", "/a/b/c"),
        ("/a?b=%3F%40%21%24%27%28%29%2A%2C%3B", "/a?b=?@!$'()*,;"),
    ],
)
def test_version_3_decodes_some_escapes(sent: str, same: str) -> None:
    """HubSpot's table has twelve, and HubSpot signs what they stand for."""
    headers = signed("v3", f"https://app.example.com{same}").headers
    request = SignedRequest("POST", f"https://app.example.com{sent}", headers, b"[]")

    assert check(request, OURS)
    older = replace(request, headers=signed("v2", f"https://app.example.com{same}").headers)
    assert cause_of(older) == "signature"  # version 2 decodes none


@pytest.mark.parametrize(
    ("sent", "decoded"), [("%20", " "), ("%26", "&"), ("%25", "%"), ("%253A", "%3A"), ("%C3", "Ã")]
)
def test_other_escapes_stay(sent: str, decoded: str) -> None:
    """What is not in HubSpot's table is signed as it is written."""
    assert check(signed("v3", f"{HOOK}&y={sent}"), OURS)
    request = replace(signed("v3", f"{HOOK}&y={decoded}"), url=f"{HOOK}&y={sent}")
    assert cause_of(request) == "signature"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_body_is_bytes(version: Version) -> None:
    """Whatever they are: no text is made of them."""
    body = bytes(range(256))

    assert check(signed(version, body=body), OURS)
    assert cause_of(replace(signed(version, body=body), body=body[:-1])) == "signature"


def test_an_address_with_bytes_that_are_no_text() -> None:
    """They are signed as they came; halves of surrogate pairs come from nowhere."""
    url = b"https://app.example.com/\xff\xc3\xa9".decode(errors="surrogateescape")
    assert cause_of(replace(V3, url=url)) == "signature"
    assert cause_of(replace(V3, url="https://app.example.com/\ud800")) == "signature"


@pytest.mark.parametrize(
    ("seconds", "cause"),
    [(-300, None), (-300.001, "early"), (0, None), (300, None), (300.001, "old"), (86400, "old")],
)
def test_five_minutes_either_way(seconds: float, cause: str | None) -> None:
    """An older request may be somebody's who saw it; one from far ahead would hold for longer."""
    at = SIGNED_AT + timedelta(seconds=seconds)

    if cause is None:
        assert check(V3, OURS, at=at).until == SIGNED_AT + AGE
    else:
        assert cause_of(V3, OURS, at=at) == cause


def test_the_clock_is_asked_last() -> None:
    """A stranger's request costs no look at it."""

    def clock() -> datetime:
        raise AssertionError

    with pytest.raises(NotFromHubSpot):
        verify(V3, [SecretStr(OTHER)], clock)


TIMESTAMPS = [
    *("", "now", "1767225600", "01767225600000", "+1767225600000", "1767225600000.0", "nan"),
    *("1.7672256e12", "17672256000000", "-1767225600000", " 1767225600000", "1767225600000\n"),
    *("\uff117672256000000", "1767225600000,1767225600000", "1_767225600000"),
]


@pytest.mark.parametrize("timestamp", TIMESTAMPS)
def test_another_timestamp_than_milliseconds(timestamp: str) -> None:
    """There is one spelling of each, even where another one was signed."""
    app = replace(DEFAULT_APP, client_secret=OURS)
    headers = sign(app, "v3", "POST", HOOK, body=b"[]", timestamp=timestamp)  # type: ignore[arg-type]

    assert cause_of(SignedRequest("POST", HOOK, [*headers.items()], b"[]")) == "timestamp"


def test_no_timestamp() -> None:
    """Nobody knows how old that is."""
    assert cause_of(with_headers(V3, x_hubspot_request_timestamp=None)) == "timestamp"


def test_a_digit_is_not_of_two_places() -> None:
    """Body and timestamp are signed with nothing between them, so neither may lend the other."""
    request, moment = signed("v3", body=b"1"), str(MOMENT)
    borrowed = with_headers(replace(request, body=b""), x_hubspot_request_timestamp=f"1{moment}")
    lent = with_headers(
        replace(request, body=f"1{moment[0]}".encode()), x_hubspot_request_timestamp=moment[1:]
    )

    assert cause_of(borrowed) == cause_of(lent) == "timestamp"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("text", ["", "x", "0" * 63, "é" * 64, "A" * 43, "=" * 44, "a,b"])
def test_what_is_no_signature(version: Version, text: str) -> None:
    """Too short, too long, of other letters, or several in one."""
    name = "x_hubspot_signature_v3" if version == "v3" else "x_hubspot_signature"

    assert cause_of(with_headers(signed(version), **{name: text})) == "malformed"


def test_capital_letters_and_spare_bits() -> None:
    """A digest has one spelling: base64 has bits left over, and hexadecimal two cases."""
    v3 = dict(signed("v3").headers)["X-HubSpot-Signature-v3"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(v3[42]) ^ 1]
    spare = with_headers(signed("v3"), x_hubspot_signature_v3=f"{v3[:42]}{last}=")
    capital = dict(signed("v1").headers)["X-HubSpot-Signature"].upper()

    assert cause_of(spare) == "signature"
    assert cause_of(with_headers(signed("v1"), x_hubspot_signature=capital)) == "malformed"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_header_that_comes_twice(version: Version) -> None:
    """Nobody knows which of them another reader would take, though both be right."""
    request = signed(version)
    for name, value in request.headers:
        doubled = replace(request, headers=[*request.headers, (name.lower(), value)])
        assert cause_of(doubled) == "doubled"


def test_nothing_signed() -> None:
    """No header of HubSpot's, or only half of what a version needs."""
    assert cause_of(replace(V3, headers=[])) == "missing"
    assert cause_of(replace(V3, headers=[("Host", "app.example.com")])) == "missing"
    assert cause_of(with_headers(V1, x_hubspot_signature=None)) == "missing"
    assert cause_of(with_headers(V1, x_hubspot_signature_version=None)) == "version"


@pytest.mark.parametrize("version", ["", "v0", "v3", "V1", "v1,v2", "1"])
def test_a_version_that_is_not_known(version: str) -> None:
    """Version 3 has a header of its own."""
    assert cause_of(with_headers(V1, x_hubspot_signature_version=version)) == "version"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_an_older_version_is_not_accepted_by_itself(version: Version) -> None:
    """An app has to say so."""
    with pytest.raises(NotFromHubSpot) as caught:
        check(signed(version), OURS, oldest="v3")
    assert caught.value.cause == "version"


def test_the_older_of_the_older_ones() -> None:
    """The least is a least, and not the only one."""
    assert check(signed("v2"), OURS, oldest="v2").version == "v2"
    with pytest.raises(NotFromHubSpot):
        check(signed("v1"), OURS, oldest="v2")


@pytest.mark.parametrize("older", ["v1", "v2"])
def test_no_falling_back(older: Version) -> None:
    """Where version 3 is there and wrong, an older one that is right counts for nothing."""
    right, wrong = signed(older), signed("v3", body=b"another")
    both = replace(right, headers=[*right.headers, *wrong.headers])

    assert cause_of(both) == "signature"
    empty = [*right.headers, ("X-HubSpot-Signature-v3", ""), wrong.headers[1]]
    assert cause_of(replace(right, headers=empty)) == "malformed"
    # Taken out, it leaves the timestamp behind.
    assert cause_of(replace(right, headers=[*right.headers, wrong.headers[1]])) == "missing"


def test_beside_a_right_one_older_ones_are_not_looked_at() -> None:
    """HubSpot sends them for older apps."""
    request = signed("v3")
    beside = [
        *request.headers,
        ("X-HubSpot-Signature", "0" * 64),
        ("X-HubSpot-Signature-Version", "v1"),
    ]

    assert check(replace(request, headers=beside), OURS).version == "v3"


def flips(text: bytes) -> Iterator[bytes]:
    """*text* with one bit turned, each in turn."""
    for place in range(len(text)):
        for bit in range(8):
            yield text[:place] + bytes([text[place] ^ (1 << bit)]) + text[place + 1 :]


def text_of(flipped: bytes) -> str:
    """It as a header or an address has it."""
    return flipped.decode("latin-1")


def flipped_requests(request: SignedRequest) -> Iterator[SignedRequest]:
    """*request* with one bit turned: in its body, address, method, and each of its headers."""
    for body in flips(request.body):
        yield replace(request, body=body)
    for url in flips(request.url.encode()):
        yield replace(request, url=text_of(url))
    for method in flips(request.method.encode()):
        yield replace(request, method=text_of(method))
    for place, (name, value) in enumerate(request.headers):
        for each in flips(value.encode()):
            headers = [*request.headers]
            headers[place] = (name, text_of(each))
            yield replace(request, headers=headers)


def covers(version: Version, request: SignedRequest) -> SignedRequest:
    """What a version covers of a request; the first knows neither address nor method."""
    return replace(request, url="", method="") if version == "v1" else request


@pytest.mark.parametrize("version", VERSIONS)
def test_one_bit_never_passes(version: Version) -> None:
    """Anywhere in what the version covers."""
    request = covers(version, signed(version, f"{HOOK}&y=%20a@b", b'[{"portalId":62515}]'))
    flipped = list(flipped_requests(request))

    assert len(flipped) > 600
    assert check(request, OURS)
    for each in flipped:
        with pytest.raises(NotFromHubSpot):
            check(each, OURS)


def test_the_two_spellings_of_an_escape_are_one() -> None:
    """%2f is %2F (RFC 3986 section 2.1): the one bit that changes nothing of the address."""
    request = signed("v3", f"{HOOK}&y=%2F")

    assert check(replace(request, url=f"{HOOK}&y=%2f"), OURS)


def test_there_are_three_versions() -> None:
    """Any other is a mistake of whoever wrote it."""
    for version in VERSIONS:
        require_version(version)
    with pytest.raises(ValueError, match="v1, v2, v3"):
        require_version("v4")
