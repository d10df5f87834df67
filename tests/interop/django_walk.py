"""One person signs in on the site, by one of the two libraries; run as a process of its own.

Where HubSpot is stands in ``django_hubspot``, in a subclass of each library's own.
"""

import json
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from interop.django_site import set_up


def by_allauth() -> tuple[str, Callable[[], list[dict[str, Any]]]]:
    """Where signing in begins, and what is kept of whoever did."""
    from allauth.socialaccount.models import SocialToken  # noqa: PLC0415 - needs the settings

    def kept() -> list[dict[str, Any]]:
        return [
            {
                "user": token.account.extra_data["user"],
                "uid": token.account.uid,
                "has_refresh_token": bool(token.token_secret),
            }
            for token in SocialToken.objects.select_related("account")
        ]

    return "/accounts/hubspot/login/", kept


def by_social_auth() -> tuple[str, Callable[[], list[dict[str, Any]]]]:
    """Where signing in begins, and what is kept of whoever did."""
    from social_django.models import UserSocialAuth  # noqa: PLC0415 - needs the settings

    def kept() -> list[dict[str, Any]]:
        return [
            {
                "user": each.user.email,
                "uid": each.uid,
                "has_refresh_token": "refresh_token" in each.extra_data,
            }
            for each in UserSocialAuth.objects.select_related("user")
        ]

    return "/login/hubspot/", kept


def tell(line: str) -> None:
    """Write the *line* for whoever waits for it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(library: str, database: str, client_id: str, client_secret: str) -> None:
    """Print the authorize URL, read the callback URL, and print who has signed in."""
    set_up(database, client_id, client_secret)
    from django.test import Client  # noqa: PLC0415

    start, kept = {"allauth": by_allauth, "social-auth": by_social_auth}[library]()
    browser = Client(headers={"host": "localhost"}, raise_request_exception=False)
    tell(browser.post(start)["Location"])
    callback = urlsplit(sys.stdin.readline().strip())
    browser.get(f"{callback.path}?{callback.query}")
    told = {"signed_in": "_auth_user_id" in browser.session, "kept": kept()}
    tell(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
