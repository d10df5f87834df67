"""Through a marketplace install without a browser; the test plays the app's side."""

from urllib.parse import parse_qs, urlsplit

from portalkey_simulator.walk import ask, choose_account, decide, submit_form


class MarketplaceInstall:
    """An install that somebody began on an app's listing.

    ``start_url`` is where their browser is sent first. For an app without partner sign-in that is
    its install URL with ``code`` and ``returnUrl``, as they have agreed by then; with it, the
    install URL with ``step=authorize`` and ``returnUrl``. Where the app is installed already, it
    is the usual consent page, for ``HubSpot.approve``.
    """

    def __init__(self, listing_url: str, hub_id: int | None, user_id: int | None) -> None:
        """Press the button on the listing, for this account and person.

        Raises:
            StayedOnPage: HubSpot's page refused; nothing was sent to the app.
        """
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(listing_url))
        location = submit_form(listing_url, choose_account(listing_url, hub_id, user_id))
        self._done = ""
        is_consent = location.startswith(f"{self._origin}/marketplace/")
        self.start_url = self._agree(location) if is_consent else location

    @property
    def return_url(self) -> str:
        """``returnUrl`` as the app got it first, or nothing where it is installed already."""
        return _return_url(self.start_url)

    def approve(self, return_url: str) -> str:
        """Agree, where the app has sent the person to ``returnUrl`` with ``?state=``.

        Returns the app's install URL with ``step=finalize``, ``code``, ``state`` and
        ``returnUrl``: what the simulator opens in a frame.

        Raises:
            ValueError: The URL is none of this simulator's.
            StayedOnPage: HubSpot's page refused; nothing was sent to the app.
        """
        if not return_url.startswith(f"{self._origin}/"):
            message = f"the URL is not at {self._origin}"
            raise ValueError(message)
        return self._agree(return_url)

    @property
    def is_finished(self) -> bool:
        """True where the page at the last ``returnUrl`` says that the app is installed."""
        return bool(self._done) and ask("GET", self._done).is_installed

    def _agree(self, consent_url: str) -> str:
        location = decide(consent_url, decision="approve")
        if location.startswith(f"{self._origin}/marketplace/"):
            location = ask("GET", location).frame
        self._done = _return_url(location)
        return location


def _return_url(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("returnUrl", [""])[0]
