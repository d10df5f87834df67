"""Urls of a site that has forgotten ours."""

urlpatterns: list[object] = []
