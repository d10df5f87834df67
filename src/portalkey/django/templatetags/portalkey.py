"""``{% load portalkey %}``: the link into the journey, its state, and our scripts."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.template import Library

from portalkey.django import links

register = Library()

Facts = Mapping[str, Any]


@register.simple_tag(takes_context=True)
def hubspot_connect_url(
    context: Facts,
    next: str | None = None,  # noqa: A002
    hub_id: int | None = None,
    *,
    another: bool = False,
    scopes: Iterable[str] = (),
    name: str = "",
) -> str:
    """Return the link into the journey; its arguments are those of the function."""
    request = _find_request(context)
    return links.hubspot_connect_url(
        request, next, hub_id, another=another, scopes=scopes, name=name
    )


@register.simple_tag(takes_context=True)
def hubspot_connect_state(context: Facts, name: str = "") -> str:
    """Return ``data-state`` and ``data-account`` for the element."""
    return links.hubspot_connect_state(_find_request(context), name)


@register.simple_tag
def hubspot_static(name: str, app: str = "") -> str:
    """Return the address of our file *name*, such as ``connect.js``."""
    return links.hubspot_static(name, app)


def _find_request(context: Facts) -> HttpRequest:
    request = getattr(context, "request", None) or context.get("request")
    if request is None:
        raise ImproperlyConfigured(
            "portalkey's tags need the request: render the template with it, as render(request, "
            "...) does."
        )
    return request
