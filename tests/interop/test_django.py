"""Signing in with HubSpot in a Django site: django-allauth, and social-auth-core's backend.

Both speak OAuth v1. What differs: three URLs in a subclass of each (``django_hubspot``).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portalkey_simulator import HubSpot, StayedOnPage

HERE = Path(__file__).parent
IDS = {"allauth": "770101", "social-auth": "4410001:770101"}


def walk(library: str, hubspot: HubSpot, folder: Path) -> dict[str, Any]:
    """Sign in, with the consent walked in between; what the site says then."""
    command = [sys.executable, "-m", "interop.django_walk", library]
    command += [str(folder / "db"), hubspot.app.client_id, hubspot.app.client_secret]
    with subprocess.Popen(
        command,
        cwd=HERE.parent,
        env={**os.environ, "HUBSPOT_URL": hubspot.url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as site:
        assert site.stdin is not None
        assert site.stdout is not None
        authorize_url = site.stdout.readline().strip()
        out, errors = site.communicate(hubspot.approve(authorize_url) + "\n", timeout=60)
    assert out, errors
    told: dict[str, Any] = json.loads(out)
    return told


@pytest.mark.parametrize("library", IDS)
def test_somebody_signs_in(library: str, hubspot: HubSpot, tmp_path: Path) -> None:
    """The person is known by their e-mail address, and their tokens are kept."""
    hubspot.switches.redirect_match = "any_query"  # see the last test
    told = walk(library, hubspot, tmp_path)

    kept = {"user": "maya@harbourpine.example", "uid": IDS[library], "has_refresh_token": True}
    assert told == {"signed_in": True, "kept": [kept]}


@pytest.mark.parametrize("library", IDS)
def test_after_the_end_of_v1(library: str, hubspot: HubSpot, tmp_path: Path) -> None:
    """From 2027-02-16 on nobody signs in by these."""
    hubspot.switches.v1 = "ended"
    hubspot.switches.redirect_match = "any_query"

    assert walk(library, hubspot, tmp_path) == {"signed_in": False, "kept": []}


def test_a_query_in_the_redirect_uri(hubspot: HubSpot, tmp_path: Path) -> None:
    """social-auth-core adds ``redirect_state``, which a HubSpot that compares exactly refuses.

    Whether HubSpot looks at the query is not known.
    """
    with pytest.raises(StayedOnPage, match="redirect_uri doesn't match"):
        walk("social-auth", hubspot, tmp_path)
