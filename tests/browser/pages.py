"""The pages of the journey and of the setup, each as it comes about for a visitor."""

from urllib.parse import urlsplit

from support.visitor import Visitor

SETUP = "/connections/setup"
DONE = "/auth/hubspot/done?attempt="
FIRST, SECOND, WITHOUT_DEALS = 4410001, 4410002, 4410003
"""Accounts at the simulator."""
ATTEMPT = "an-attempt-of-T48-----"


def nothing(visitor: Visitor) -> str:
    """No account yet."""
    del visitor
    return SETUP


def one(visitor: Visitor) -> str:
    """One account."""
    visitor.connect()
    return SETUP


def several(visitor: Visitor) -> str:
    """Three accounts, the last of which lacks a permission."""
    for hub_id in (FIRST, SECOND, WITHOUT_DEALS):
        visitor.connect(hub_id)
    return SETUP


def removed(visitor: Visitor) -> str:
    """The app was removed in HubSpot, and the account has to be connected again."""
    visitor.connect()
    visitor.hubspot.uninstall(FIRST)
    visitor.get("/api/hubspot/status?check=1")
    return SETUP


def leaving(visitor: Visitor) -> str:
    """About to disconnect."""
    visitor.connect()
    return str(visitor.setup().select("a.pk-leave")[0]["href"])


def just_left(visitor: Visitor) -> str:
    """Disconnected a moment ago, with one account left."""
    visitor.connect(SECOND)
    visitor.connect()
    form = visitor.leave_form()
    return str(visitor.http.post(form.pop("action"), data=form).headers["location"])


def asked_first(visitor: Visitor) -> str:
    """Somebody came from elsewhere."""
    del visitor
    return "/auth/hubspot/start"


def succeeded(visitor: Visitor) -> str:
    """Connected."""
    return visitor.connect().url.raw_path.decode()


def succeeded_in_part(visitor: Visitor) -> str:
    """Connected, without an optional permission."""
    return visitor.connect(WITHOUT_DEALS).url.raw_path.decode()


def declined(visitor: Visitor) -> str:
    """Not agreed to."""
    return called_back(visitor, visitor.hubspot.deny(visitor.begin()))


def mistaken(visitor: Visitor) -> str:
    """Another account came back than the one to reconnect."""
    removed(visitor)
    anywhere = visitor.begin().replace(f"/oauth/{FIRST}/", "/oauth/")
    return called_back(visitor, visitor.hubspot.approve(anywhere, SECOND))


def asks_about_another(visitor: Visitor) -> str:
    """Another account came back than last time, and was not asked for."""
    visitor.connect(FIRST)
    link = visitor.status()["connect_url"]
    to_hubspot = visitor.get(link, sec_fetch_site="same-origin").headers["location"]
    return called_back(visitor, visitor.hubspot.approve(to_hubspot, SECOND))


def pending(visitor: Visitor) -> str:
    """Not decided yet."""
    visitor.begin(ATTEMPT)
    return DONE + ATTEMPT


def unknown(visitor: Visitor) -> str:
    """Nobody's attempt."""
    del visitor
    return DONE + ATTEMPT


def refused(visitor: Visitor) -> str:
    """A callback from nowhere."""
    del visitor
    return "/auth/hubspot/callback?code=x"


def called_back(visitor: Visitor, url: str) -> str:
    """Where HubSpot's answer leads."""
    parts = urlsplit(url)
    return str(visitor.get(f"{parts.path}?{parts.query}").headers["location"])


PAGES = {
    "setup, no account": nothing,
    "setup, one account": one,
    "setup, several accounts": several,
    "setup, to be connected again": removed,
    "setup, about to disconnect": leaving,
    "setup, just disconnected": just_left,
    "start that asks first": asked_first,
    "question about another account": asks_about_another,
    "success": succeeded,
    "success with a permission less": succeeded_in_part,
    "error: declined": declined,
    "error: wrong account": mistaken,
    "pending": pending,
    "notice": unknown,
    "refused": refused,
}
"""By name, what leads a visitor there; it returns the path."""
