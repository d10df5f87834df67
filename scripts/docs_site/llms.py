"""``llms.txt``: the site in one page of links, for language models and whoever else reads text."""

from collections.abc import Iterable

from docs_site.pages import Entry

HEAD = """# portalkey

> portalkey lets the users of a Python web app connect their HubSpot account in an OAuth 2.0 popup,
> keeps the grant sealed, keeps it valid, and hands a working access token to the app's code.

Each page is here as Markdown. Begin with the tutorial; names in code are those of the reference.
"""


def render_llms(entries: Iterable[Entry]) -> str:
    """Return the page, as llmstxt.org describes it: a heading, a summary, and lists of links."""
    parts: dict[str, list[str]] = {}
    for entry in entries:
        about = f": {entry.about}" if entry.about else ""
        parts.setdefault(entry.part, []).append(f"- [{entry.text}]({entry.target}){about}\n")
    lists = (f"\n## {part}\n\n{''.join(lines)}" for part, lines in parts.items())
    return HEAD + "".join(lists)
