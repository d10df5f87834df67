"""The provider's two views, as each of the library's providers has them."""

from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

from interop.django_hubspot.provider import Provider

urlpatterns = default_urlpatterns(Provider)
