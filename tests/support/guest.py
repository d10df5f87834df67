"""Somebody with a link for people without a login, as far as HTTP goes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from support.visitor import Visitor, query_of


class Guest:
    """Somebody with the link, in a browser of their own."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.http = visitor, visitor.http

    def open(self, link: str) -> int:
        """Look at the page; its status."""
        return self.visitor.get(path_of(link)).status_code

    def press(self, link: str, **headers: str) -> str | None:
        """Press "Continue"; where that leads, if it does."""
        secret = query_of(link)["link"]
        origin = "/".join(self.visitor.app_url.split("/")[:3])
        given = {"origin": origin, "sec-fetch-site": "same-origin", **headers}
        answer = self.http.post(
            "/auth/hubspot/invite", data={"link": secret, "answer": "yes"}, headers=given
        )
        return answer.headers.get("location")

    def go_on(self, address: str) -> str | None:
        """Go on to HubSpot from our own page; where it is, if one is led there."""
        page = self.visitor.get(address)
        found = re.search(r'href="([^"]+go=1)"', page.text)
        if found is None:
            return None
        on = found[1].replace("&amp;", "&")
        answer = self.visitor.get(on, sec_fetch_site="same-origin")
        return answer.headers.get("location")

    def to_hubspot(self, link: str) -> str:
        """Open, press and go on; the address at HubSpot."""
        assert self.open(link) == 200
        address = self.press(link)
        assert address
        away = self.go_on(address)
        assert away
        return away

    def agree(self, away: str, hub_id: int | None = None) -> str:
        """Agree at HubSpot, to whichever account; the callback's address."""
        plain = urlsplit(away)._replace(path="/oauth/authorize").geturl()
        return self.visitor.agree(plain, hub_id)

    def come_back(self, away: str, hub_id: int | None = None) -> str:
        """Agree at HubSpot; the text of the last page."""
        answer = self.visitor.get(self.agree(away, hub_id))
        assert answer.status_code == 303
        return self.visitor.get(answer.headers["location"]).text

    def connect(self, link: str, hub_id: int | None = None) -> str:
        """All of it."""
        return self.come_back(self.to_hubspot(link), hub_id)

    @contextmanager
    def without_link_cookies(self) -> Iterator[dict[str, str]]:
        """Do the block as a browser that did not go on with the link; what it lacks, by name."""
        jar = self.http.cookies.jar
        taken = [each for each in jar if "portalkey_invited_" in each.name]
        for each in taken:
            jar.clear(each.domain, each.path, each.name)
        yield {each.name: each.value or "" for each in taken}
        for each in taken:
            jar.set_cookie(each)


def path_of(link: str) -> str:
    """The link without its origin."""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"
