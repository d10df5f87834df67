"""Pages of the place with somebody else's library on them, as npm has it."""

from pathlib import Path

from flask import Response, render_template_string, send_from_directory
from playwright.sync_api import BrowserContext, Page

from browser.places import Place

PACKAGES = Path(__file__).parents[2] / "node_modules"
ELEMENT = """\
<hubspot-connect {mode}>
  <a href="{{{{ hubspot_connect_url(next='/app') }}}}">Go</a>
</hubspot-connect>
"""
SHELL = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>App</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}
</head>
{body}
</html>
"""
CONNECT_JS = '<script type="module" src="/auth/hubspot/static/connect.js"></script>'


def element(mode: str = "auto") -> str:
    """The element and its link, which leads back to the page."""
    return ELEMENT.format(mode=f'data-mode="{mode}"')


def open_app(browser: BrowserContext, place: Place, *, head: str, body: str) -> Page:
    """A tab on ``/app``, a page of the place with this *head* and *body*."""
    page = SHELL.format(head=head, body=body)
    place.app.add_url_rule("/app", "app", lambda: Response(render_template_string(page)))
    place.app.add_url_rule(
        "/npm/<path:path>", "npm", lambda path: send_from_directory(PACKAGES, path)
    )
    tab = browser.new_page()
    tab.goto(f"{place.url}/app")
    return tab
