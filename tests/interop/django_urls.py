"""The site's URLs: those of the two libraries."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("social_django.urls", namespace="social")),
]
