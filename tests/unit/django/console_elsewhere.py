"""Urls of a site that has the console beside the prefix of ours."""

from django.urls import include, path

urlpatterns = [
    path("shop/", include("portalkey.django.urls")),
    path("console/", include("portalkey.django.console_urls")),
]
