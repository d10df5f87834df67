"""Urls of a site whose own pages have their language in the path."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from support.django_shop import views

urlpatterns = [
    path("", include("portalkey.django.urls")),
    *i18n_patterns(path("sign-in", views.sign_in, name="sign-in")),
]
