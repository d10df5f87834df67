"""The hop by another provider."""

from collections.abc import Callable

import httpx2
import pytest

from portalkey_simulator import HubSpot

COOP = "Cross-Origin-Opener-Policy"


def onward(url: str) -> str:
    """Return the address of the provider's page for this authorize *url*."""
    return url.replace("/oauth/", "/sign-in/oauth/")


@pytest.mark.parametrize("pinned", [None, 4410001])
def test_a_person_who_has_to_sign_in(
    hubspot: HubSpot, http: httpx2.Client, authorize_url: Callable[..., str], pinned: int | None
) -> None:
    """HubSpot, the provider, and back to the very address: only then can a person agree."""
    hubspot.switches.sign_in = True
    url = authorize_url(pinned=pinned, state="a b&c")
    first = http.get(url)
    assert 'value="approve"' not in first.text
    assert onward(url).removeprefix(hubspot.url).replace("&", "&amp;") in first.text

    assert http.get(onward(url)).status_code == 200
    back = http.post(onward(url))
    assert back.headers["location"] == url.removeprefix(hubspot.url)
    assert 'value="approve"' in http.get(url).text


def test_the_provider_has_a_policy_of_its_own(
    hubspot: HubSpot, http: httpx2.Client, authorize_url: Callable[..., str]
) -> None:
    """HubSpot's own pages before and after it carry none."""
    hubspot.switches.sign_in = True
    hubspot.switches.sign_in_opener_policy = "same-origin"
    url = authorize_url()
    answers = [http.get(url), http.get(onward(url)), http.post(onward(url)), http.get(url)]

    sent = [answer.headers.get(COOP) for answer in answers]
    assert sent == [None, "same-origin", "same-origin", None]


def test_the_provider_leads_nowhere_else(http: httpx2.Client) -> None:
    """There is no address after which it would lead out of this simulator."""
    for path in ("/sign-in//evil.example/oauth/authorize", "/sign-in/evil.example"):
        assert http.post(path).status_code == 404


def test_a_program_needs_no_provider(
    hubspot: HubSpot, authorize_url: Callable[..., str], exchange: Callable[..., httpx2.Response]
) -> None:
    """``approve`` acts for somebody who has signed in already."""
    hubspot.switches.sign_in = True

    assert "code=" in hubspot.approve(authorize_url())
