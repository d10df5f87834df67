"""How a request is read."""

import pytest

from portalkey.web.values import WebRequest


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "none"},
    ],
)
def test_an_own_visit(headers: dict[str, str]) -> None:
    """A click on our page, the address bar, or a browser that does not say."""
    assert WebRequest("GET", headers=headers).is_own_visit


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "nonsense"},
        {"sec-fetch-dest": "iframe"},
        {"sec-fetch-dest": "image"},
        {"sec-fetch-dest": "empty"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-sec-purpose": "prefetch"},
    ],
)
def test_a_visit_that_nobody_meant(headers: dict[str, str]) -> None:
    """Other sites' links, frames, images, fetches and prefetches begin nothing."""
    assert not WebRequest("GET", headers=headers).is_own_visit


def test_head_begins_nothing() -> None:
    """A link checker's HEAD is no visit."""
    assert not WebRequest("HEAD").is_own_visit


@pytest.mark.parametrize(
    "value", ["", "A" * 21, "A" * 23, "A" * 21 + "=", "A" * 21 + "\n", "../" * 7 + "A", "é" * 22]
)
def test_a_malformed_attempt_id_is_none(value: str) -> None:
    """Only 22 characters of base64url name an attempt."""
    assert WebRequest("GET", query=(("attempt", value),)).attempt_id is None


def test_a_doubled_parameter_is_none() -> None:
    """Which of the two was meant is not guessed (R17)."""
    twice = (("attempt", "A" * 22), ("attempt", "A" * 22))

    assert WebRequest("GET", query=twice).attempt_id is None
    assert WebRequest("POST", form=twice).one_in_form("attempt") is None


def test_a_flood_of_cookies_is_not_looked_up() -> None:
    """Somebody's game costs twenty look-ups, not thousands."""
    cookies = {f"portalkey_attempt_{number}": "x" for number in range(1000)}

    assert len(WebRequest("GET", cookies=cookies).attempt_cookies) == 20
