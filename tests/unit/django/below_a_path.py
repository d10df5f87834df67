"""Urls of a site that has ours elsewhere than the redirect URI says."""

from django.urls import include, path

urlpatterns = [path("elsewhere/", include("portalkey.django.urls"))]
