"""Requests as values."""

import pytest

from portalkey.web.http import Cookie, WebRequest, attempt_cookie

OWN, OTHER = "https://api.example.com", "https://app.example.com"
ORIGINS = (OWN,)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "none"},
        {
            "sec-fetch-site": "same-origin",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "empty",
        },
    ],
)
def test_an_own_visit(headers: dict[str, str]) -> None:
    """A click on our page, also through a service worker, the address bar, or no word about it."""
    assert WebRequest("GET", headers=headers).is_own_navigation(ORIGINS)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "nonsense"},
        {"sec-fetch-dest": "iframe"},
        {"sec-fetch-dest": "image"},
        {"sec-fetch-dest": "empty"},
        {"sec-fetch-dest": "empty", "sec-fetch-mode": "cors"},
        {"sec-fetch-dest": "empty", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"},
        {"sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate"},
        {"sec-fetch-dest": "document", "sec-fetch-mode": "no-cors"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-sec-purpose": "prefetch"},
    ],
)
def test_a_visit_that_nobody_meant(headers: dict[str, str]) -> None:
    """Other sites' links, frames, images, fetches and prefetches begin nothing."""
    assert not WebRequest("GET", headers=headers).is_own_navigation(ORIGINS)


def test_several_origins_are_one_site() -> None:
    """A front end beside the API leads here from the same site; another site still does not."""
    same, cross = ({"sec-fetch-site": site} for site in ("same-site", "cross-site"))

    assert WebRequest("GET", headers=same).is_own_navigation((OWN, OTHER))
    assert not WebRequest("GET", headers=cross).is_own_navigation((OWN, OTHER))


@pytest.mark.parametrize(
    ("origin", "site", "is_own"),
    [
        (None, None, True),
        (None, "same-origin", True),
        (OWN, "same-origin", True),
        (OTHER, "same-site", True),
        (OTHER, None, True),
        (OTHER, "same-origin", False),
        (OTHER, "cross-site", False),
        (None, "same-site", False),
        (None, "cross-site", False),
        ("https://evil.example.com", "same-site", False),
        ("null", "same-origin", False),
    ],
)
def test_a_post_from_a_page_of_ours(origin: str | None, site: str | None, is_own: bool) -> None:  # noqa: FBT001 - pytest passes it
    """The origin is one of the app's, and the browser says the same of the site."""
    sent = {"origin": origin, "sec-fetch-site": site}
    headers = {name: value for name, value in sent.items() if value is not None}

    assert WebRequest("POST", headers=headers).is_own_post((OWN, OTHER)) is is_own


def test_head_begins_nothing() -> None:
    """A link checker's HEAD is no visit."""
    assert not WebRequest("HEAD").is_own_navigation(ORIGINS)


@pytest.mark.parametrize(
    "value", ["", "A" * 21, "A" * 23, "A" * 21 + "=", "A" * 21 + "\n", "../" * 7 + "A", "é" * 22]
)
def test_a_malformed_attempt_id_is_none(value: str) -> None:
    """Only 22 characters of base64url name an attempt."""
    assert WebRequest("GET", query=(("attempt", value),)).attempt_id is None


def test_a_doubled_parameter_is_none() -> None:
    """It is not guessed which of the two was meant (R17)."""
    twice = (("attempt", "A" * 22), ("attempt", "A" * 22))

    assert WebRequest("GET", query=twice).attempt_id is None
    assert WebRequest("POST", form=twice).form_value("attempt") is None


def values_of(header: str, **cookies: str) -> dict[str, list[str]]:
    """The attempt cookies of a request with this header."""
    headers = {"cookie": header} if header else {}
    found = WebRequest("GET", cookies=cookies, headers=headers).attempt_cookies
    return {name: [each.get_secret_value() for each in found[name]] for name in found}


def test_every_value_of_a_name_is_read() -> None:
    """A sibling subdomain can set cookies of our names; ours is any of them, under either name."""
    header = (
        "a=b; portalkey_attempt_one=tossed;portalkey_attempt_one=ours ; x; =y; "
        "__Secure-portalkey_attempt_one=secure; __Secure-portalkey_attempt_two=2=2"
    )

    assert values_of(header) == {"one": ["tossed", "ours", "secure"], "two": ["2=2"]}


@pytest.mark.parametrize(
    ("is_secure", "read"), [(True, {"one": ["secure", "tossed"]}), (False, {"one": ["plain"]})]
)
def test_a_links_cookie_is_read_under_its_own_name_only(
    *, is_secure: bool, read: dict[str, list[str]]
) -> None:
    """On https none that a page could have set over http; all values of that name."""
    header = (
        "portalkey_invited_one=plain; __Secure-portalkey_invited_one=secure; "
        "__Secure-portalkey_invited_one=tossed; portalkey_attempt_one=x"
    )
    found = WebRequest("GET", headers={"cookie": header}).link_cookies(is_secure=is_secure)

    assert {name: [each.get_secret_value() for each in found[name]] for name in found} == read


def test_a_framework_without_the_header_has_its_cookies_read() -> None:
    """As far as it keeps them."""
    assert values_of("", portalkey_attempt_one="ours", other="x") == {"one": ["ours"]}


@pytest.mark.parametrize("name", ["portalkey_attempt", "Xportalkey_attempt_one", "__Host-a"])
def test_a_cookie_of_another_name_is_none_of_ours(name: str) -> None:
    """Only what begins as ours does is looked at."""
    assert values_of(f"{name}=x") == {}


def test_cookies_on_https_are_secure_by_their_name() -> None:
    """No page that came over http can set one; without https no browser would keep it."""
    assert attempt_cookie("id", is_secure=True) == "__Secure-portalkey_attempt_id"
    assert attempt_cookie("id", is_secure=False) == "portalkey_attempt_id"


def test_a_cookie_is_out_of_scripts_reach() -> None:
    """HttpOnly and Lax are no skin's choice."""
    cookie = Cookie("portalkey_attempt_x", "secret", "/auth/hubspot", 900, secure=True)

    assert cookie.attributes == {
        "path": "/auth/hubspot",
        "max_age": 900,
        "secure": True,
        "httponly": True,
        "samesite": "Lax",
    }
