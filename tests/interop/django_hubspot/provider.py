"""django-allauth finds the provider, and its URLs, in an app that has this module."""

from allauth.socialaccount.providers.hubspot.provider import HubspotProvider

from interop.django_hubspot.views import Adapter


class Provider(HubspotProvider):  # type: ignore[misc] # the library has no types
    """The library's own, with our adapter."""

    oauth2_adapter_class = Adapter


provider_classes = [Provider]
