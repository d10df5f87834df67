"""Addresses of the site."""

from django.urls import include, path

from support.django_shop import views

urlpatterns = [
    path("", views.home),
    path("sign-in", views.sign_in, name="sign-in"),
    path("login/<name>", views.login_as),
    path("logout", views.sign_out),
    path("account/<int:hub_id>", views.account),
    path("async/token", views.token),
    path("console/", include("portalkey.django.console_urls")),
    path("", include("portalkey.django.urls")),
]
