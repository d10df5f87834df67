"""The reference, made from the code: one module a page, each with ``render`` and ``anchors``."""

from collections.abc import Mapping
from functools import cache, partial

from docs_site.reference import api, commands, connect_js, errors, events, http, metrics, settings
from docs_site.reference.names import API
from docs_site.reference.page import Page

PAGES: tuple[Page, ...] = (
    *(
        Page(
            each.place,
            each.title,
            each.about,
            partial(api.render, each),
            partial(api.anchors, each),
        )
        for each in API
    ),
    Page(
        "ref-errors.md",
        "Errors, each by itself",
        "import, code, and what a person reads.",
        errors.render,
        errors.anchors,
    ),
    Page(
        "ref-settings.md",
        "Settings, each by itself",
        "variable, argument and default.",
        settings.render,
        settings.anchors,
    ),
    Page(
        "ref-commands.md",
        "Commands",
        "what each does and takes.",
        commands.render,
        commands.anchors,
    ),
    Page("ref-events.md", "Events", "every name, and what it says.", events.render, events.anchors),
    Page(
        "ref-metrics.md",
        "Metrics, each by itself",
        "kind, labels and values.",
        metrics.render,
        metrics.anchors,
    ),
    Page(
        "ref-http.md",
        "HTTP",
        "what a front end may call, with an OpenAPI document.",
        http.render,
        http.anchors,
    ),
    Page(
        "ref-connect-js.md",
        "connect.js",
        "what the module exports, and the element.",
        connect_js.render,
        connect_js.anchors,
    ),
)


@cache
def find_anchors() -> Mapping[str, tuple[str, str]]:
    """Return, by the name as it stands in code, the page without its ending and the anchor."""
    return {
        name: (page.place.removesuffix(".md"), anchor)
        for page in reversed(PAGES)
        for name, anchor in page.anchors().items()
    }
