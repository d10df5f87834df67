"""Problems that no setting has by itself: what several of them say together."""

from collections.abc import Iterator

from portalkey.hubspot.app import App
from portalkey.hubspot.authorize import longest_url
from portalkey.settings import urls

LONGEST_URL = 8000
"""Characters of the address that people are sent to; servers refuse those over about 8190."""


def find_problems(app: App) -> Iterator[str]:
    """Yield a sentence for each problem of the settings together."""
    if urls.is_local(app.app_url) is not urls.is_local(app.api_url):
        simulated, real = "HUBSPOT_APP_URL", "HUBSPOT_API_URL"
        if urls.is_local(app.api_url):
            simulated, real = real, simulated
        yield (
            f"{simulated} names a simulator on this machine, and {real} HubSpot itself; set both "
            "to the simulator, or leave both out."
        )
    length = len(longest_url(app))
    if length > LONGEST_URL:
        yield (
            f"HUBSPOT_SCOPES and HUBSPOT_OPTIONAL_SCOPES make an address of {length} characters "
            f"that people are sent to, and browsers and servers take {LONGEST_URL}; ask for fewer."
        )
