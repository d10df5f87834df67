"""django-allauth's HubSpot, at another address: the three URLs are all that differs."""

import os

from allauth.socialaccount.providers.hubspot.views import HubspotOAuth2Adapter
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView

URL = os.environ["HUBSPOT_URL"]


class Adapter(HubspotOAuth2Adapter):  # type: ignore[misc] # the library has no types
    """Where HubSpot is."""

    authorize_url = f"{URL}/oauth/authorize"
    access_token_url = f"{URL}/oauth/v1/token"
    profile_url = f"{URL}/oauth/v1/access-tokens"


oauth2_login = OAuth2LoginView.adapter_view(Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(Adapter)
