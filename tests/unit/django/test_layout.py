"""The setup page in the site's own layout, and our tags on the site's own pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.template import Context, Template

from portalkey.broker import Broker
from portalkey.django import hubspot_connect_url
from portalkey.errors import SessionUnusable
from portalkey.settings import Settings
from support.django_hosting import site_over, visitor_of
from support.django_shop import settings as shop

JINJA_LAYOUT = """\
<html><head>{% block title %}{% endblock %}{% block head %}<meta name=mine>{% endblock %}</head>
<nav>{{ request.path }} {{ shouted("jinja") }}</nav>{% block content %}{% endblock %}</html>
"""
MARKS = ('class="pk-setup', "portalkey.css", "connect.js")


def environment(**options: Any) -> Any:
    """A Jinja environment with a global of the site's."""
    from jinja2 import Environment  # noqa: PLC0415 - as Django's documentation has it

    made = Environment(**options)  # noqa: S701 - Django passes autoescape
    made.globals["shouted"] = str.upper
    return made


@contextmanager
def jinja_site(broker: Broker, folder: Path, templates: dict[str, str], **options: Any) -> Any:
    """The site with Jinja beside Django's templates."""
    for name, text in templates.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    engine = {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [folder],
        "OPTIONS": {"environment": f"{__name__}.environment"},
    }
    with site_over(broker, options, TEMPLATES=[*shop.TEMPLATES, engine]):
        yield


@pytest.fixture
def laid_out(broker: Broker) -> Iterator[str]:
    """The setup page in the shop's layout."""
    with site_over(broker, {"base_template": "layout.html"}):
        yield visitor_of(broker).get("/connections/setup").content.decode()


def test_djangos_own_templates(laid_out: str) -> None:
    """The layout has its context and what its head held; ours is in its blocks, once each."""
    assert "/connections/setup · ada@shop.example" in laid_out
    assert 'content="head of the shop"' in laid_out
    assert [laid_out.count(mark) for mark in MARKS] == [1, 1, 2 - 1]
    assert laid_out.index("portalkey.css") < laid_out.index("</head>")
    assert laid_out.count("<title>") == 1
    assert "&lt;" not in laid_out


def test_the_sites_own_policy_holds_there(broker: Broker) -> None:
    """What its layout loads is its own to allow; our other headers stay."""
    with site_over(broker, {"base_template": "layout.html"}):
        answer = visitor_of(broker).get("/connections/setup")
        chain = visitor_of(broker).get("/auth/hubspot/done")

    assert "Content-Security-Policy" not in answer.headers
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert "head of the shop" not in chain.content.decode()


def test_an_owner_is_escaped_once(broker: Broker) -> None:
    """What a site calls somebody is text, in its layout too."""
    options = {"base_template": "layout.html", "owner_name": lambda *_: "<b>O'Hara & Co</b>"}
    with site_over(broker, options):
        page = visitor_of(broker).get("/connections/setup").content.decode()

    assert "<b>O" not in page
    assert "&lt;b&gt;O&#39;Hara &amp; Co&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("base", "problem"), [("nothing.html", "is not there"), ("headless.html", "has no block head")]
)
def test_a_layout_that_will_not_do(
    broker: Broker, base: str, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The page is shown in ours, and the log says so once."""
    with site_over(broker, {"base_template": base}):
        client = visitor_of(broker)
        pages = [client.get("/connections/setup").content.decode() for _ in range(2)]

    assert all('class="pk pk-page' in page for page in pages)
    assert sum(problem in each.getMessage() for each in caplog.records) == 1


def test_a_jinja_layout(broker: Broker, tmp_path: Path) -> None:
    """The engine that has the template renders it, with its globals and the request."""
    templates = {"jinja.html": JINJA_LAYOUT}
    with jinja_site(broker, tmp_path, templates, base_template="jinja.html"):
        page = visitor_of(broker).get("/connections/setup").content.decode()

    assert "/connections/setup JINJA" in page
    assert "<meta name=mine>" in page
    assert all(mark in page for mark in MARKS)


def test_a_jinja_template_of_the_sites_comes_before_ours(broker: Broker, tmp_path: Path) -> None:
    """In Django's layout as well as in ours."""
    own = '{% extends "!portalkey/connections/setup.html" %}{% block heading %}MINE{% endblock %}'
    templates = {"portalkey/connections/setup.html": own}
    for options in ({}, {"base_template": "layout.html"}):
        with jinja_site(broker, tmp_path, templates, **options):
            assert "MINE" in visitor_of(broker).get("/connections/setup").content.decode()


def test_a_tag_without_a_request_says_so(site: Broker) -> None:
    """Whoever renders by hand reads what is missing."""
    template = Template("{% load portalkey %}{% hubspot_connect_url %}")

    with pytest.raises(ImproperlyConfigured, match="render the template with it"):
        template.render(Context())


def test_a_site_without_sessions_says_so(site: Broker) -> None:
    """In a view of its own."""
    with pytest.raises(SessionUnusable, match=r"add django\.contrib\.sessions"):
        hubspot_connect_url(HttpRequest())


def test_a_layout_that_only_a_page_can_judge(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """What it extends is known as it is rendered; nothing is said before."""
    with site_over(broker, {"base_template": "indirect.html"}):
        page = visitor_of(broker).get("/connections/setup").content.decode()

    assert "head of the shop" in page
    assert "base_template" not in caplog.text


def test_a_layout_with_a_mistake_in_it(broker: Broker) -> None:
    """The site's own 500, as on its own pages; the pages of the chain are there all the same."""
    with site_over(broker, {"base_template": "broken.html"}):
        client = visitor_of(broker)
        setup, start = client.get("/connections/setup"), client.get("/auth/hubspot/start")

    assert (setup.status_code, start.status_code) == (500, 200)


STATIC = "django.contrib.staticfiles.storage"


@pytest.mark.parametrize(
    ("storage", "shown"),
    [("StaticFilesStorage", "/static/logo.svg"), ("ManifestStaticFilesStorage", "icon.svg")],
)
def test_the_sites_logo(
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    storage: str,
    shown: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A static file of the site's; where it was not collected, ours, and the log says so."""
    broker = make_broker(settings.model_copy(update={"app_logo": "logo.svg"}))
    storages = {"staticfiles": {"BACKEND": f"{STATIC}.{storage}"}}
    apps = [*shop.INSTALLED_APPS, "django.contrib.staticfiles"]
    others = {"STORAGES": storages, "INSTALLED_APPS": apps, "STATIC_ROOT": str(tmp_path)}
    with site_over(broker, {}, **others):
        page = visitor_of(broker).get("/connections/setup").content.decode()

    assert shown in page
    assert ("PORTALKEY_APP_LOGO" in caplog.text) == (storage != "StaticFilesStorage")
