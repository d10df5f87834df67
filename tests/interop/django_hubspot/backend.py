"""social-auth-core's HubSpot, at another address: the three URLs are all that differs."""

import os
from typing import Any

from social_core.backends.hubspot import HubSpotOAuth2

URL = os.environ["HUBSPOT_URL"]


class Backend(HubSpotOAuth2[Any]):
    """Where HubSpot is."""

    AUTHORIZATION_URL = f"{URL}/oauth/authorize"
    ACCESS_TOKEN_URL = f"{URL}/oauth/v1/token"
    USER_DATA_URL = f"{URL}/oauth/v1/access-tokens/"
