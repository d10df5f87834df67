"""The reference has an entry for whatever is public, and the site's own parts do what they say."""

import re
from pathlib import Path

import pytest
from docs_site.check import find_broken
from docs_site.markdown import name_languages, split_code
from docs_site.pages import ROOT, read_index
from docs_site.reference import PAGES, commands, errors, events, http, metrics, settings
from docs_site.reference.api import render_text
from docs_site.reference.missing import find_left_out, find_missing
from docs_site.reference.names import API
from docs_site.staging import entries, texts

_TYPED = r"^(?:\$ )?(portalkey(?: [a-z]+){1,2})"


def test_whatever_is_public_is_documented() -> None:
    """Names, routes, settings, commands, events, errors and metrics; units and errors are told."""
    assert find_missing() == []


def test_every_page_is_listed_and_every_link_leads_somewhere() -> None:
    """A page without a line in the index, or a link to no file, is named by page and line."""
    assert {page.place for page in PAGES} <= texts().keys()


def test_every_entry_is_on_its_page() -> None:
    """A name in code is linked to an anchor, so the anchor has to be there."""
    for page in PAGES:
        if page.place not in {each.place for each in API}:  # autodoc makes those
            text = page.render()
            assert [name for name in page.anchors().values() if f"({name})=" not in text] == []


@pytest.mark.parametrize(
    ("page", "names"),
    [
        (errors, [each.__name__ for each in errors.every()]),
        (settings, settings.names()),
        (commands, [each.command_path for each in commands.walk()]),
        (events, list(events.meanings())),
        (metrics, [metrics.name_of(each) for each in metrics.families()]),
        (http, [f"{each.method} {each.path}" for each in http.ROUTES]),
    ],
    ids=["errors", "settings", "commands", "events", "metrics", "http"],
)
def test_every_name_is_on_its_page(page: object, names: list[str]) -> None:
    """The pages are made from the same lists, and leave nothing out."""
    text = page.render()  # type: ignore[attr-defined]

    assert [name for name in names if name not in text] == []


def test_the_index_has_the_four_parts_of_diataxis() -> None:
    """Learning, doing, looking up and understanding are kept apart."""
    parts = [each.part.partition(":")[0] for each in entries()]

    assert list(dict.fromkeys(parts)) == ["Try it", "Do it", "Look it up", "Understand it"]


def wait_for(seconds: float) -> None:
    """Wait."""
    raise TimeoutError(seconds)


def test_a_docstring_without_unit_and_error_is_found() -> None:
    """The check would see both; told of, they are no problem."""
    told = "Wait *seconds* seconds.\n\nRaises:\n    TimeoutError: Always."

    assert list(find_left_out(wait_for, "Wait.")) == [
        "does not say in which unit seconds is",
        "does not say that it raises TimeoutError",
    ]
    assert list(find_left_out(wait_for, told)) == []


def test_what_is_broken_on_the_site_is_found(tmp_path: Path) -> None:
    """A link to nothing, an anchor that is not there, and a font from elsewhere."""
    font = "https://fonts.example/f.css"
    (tmp_path / "other.html").write_text('<h1 id="there">Other</h1>')
    (tmp_path / "page.html").write_text(
        '<a href="other.html#there">fine</a>\n<a href="gone.html">gone</a>\n'
        '<a href="other.html#nowhere">no anchor</a>\n<a href="https://example.com/">fine</a>\n'
        f'<link rel="stylesheet" href="{font}">\n'
    )

    assert find_broken(tmp_path) == [
        f"page.html:5: {font} is loaded from elsewhere; the site has to work offline",
        "page.html:2: gone.html is not there",
        "page.html:3: other.html#nowhere has no such anchor",
    ]


def test_links_in_code_are_left_alone() -> None:
    """A block of code is no prose, and gets the language that colours it right."""
    text = "```\n[a](b.md)\n```\n```html\n{{ a }}\n```\n"

    assert name_languages(text) == "```text\n[a](b.md)\n```\n```html+django\n{{ a }}\n```\n"


def test_the_index_is_read_by_its_headings() -> None:
    """A bullet's first link is the page, and what stands behind it says what it is about."""
    text = "# X\n\n## Do it\n\n### Here\n\n- [A page](a.md): of [something](b.md).\n"

    (entry,) = read_index(text)
    assert (entry.part, entry.target, entry.about) == ("Do it: Here", "a.md", "of something.")


def test_documented_commands_exist_in_the_pages_of_docs() -> None:
    """No page tells people to type a command that is not there."""
    known = {each.command_path for each in commands.walk()}
    groups = {each.command_path for each in commands.walk() if hasattr(each.command, "commands")}
    for page in sorted((ROOT / "docs").glob("*.md")):
        for number, (line, is_code) in enumerate(split_code(page.read_text()), start=1):
            for typed in re.findall(_TYPED, line if is_code else ""):
                short = " ".join(typed.split()[:2])
                assert short in known, f"{page.name}:{number}: there is no {typed}"
                assert short not in groups or typed in known, f"{page.name}:{number}: {typed}"


def test_pages_for_text_readers_have_the_docstrings() -> None:
    """What autodoc shows in the browser stands in the Markdown beside it, too."""
    (broker,) = (page for page in API if page.title == "Broker")
    text = render_text(broker)

    assert "portalkey.Broker.access_token(self, owner" in text
    assert "No caller waits longer than fifteen seconds" in text
