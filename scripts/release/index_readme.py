"""Text of a package index's page, made from README.md as a distribution is built.

The index has no checkout beside it: what needs one is left out, and a link to a page of docs/ leads
to that page of the site. Hatchling runs this for a wheel and for an archive of the source alike.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

CHECKOUT_ONLY = ("Look at it",)
"""Sections whose commands work in a checkout only."""
ELSEWHERE = {
    "docs/README.md": "index",
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "SECURITY.md": "reporting",
    "deploy/": "deploy",
}
"""The site's pages of what does not lie in docs/."""
LINK = re.compile(
    r"(?<!!)\[(?P<text>(?:`[^`]*`|[^`\]])*)\]\((?!https?:)(?P<path>[^)#]*)(?P<anchor>#[^)]*)?\)"
)
PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?:)[^)]*\)\n\n?")


class IndexReadme(MetadataHookInterface):
    """Sets ``readme``, which ``pyproject.toml`` leaves to this hook."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Read README.md beside ``pyproject.toml``, and write the index's text into *metadata*."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        site = metadata["urls"]["Documentation"]
        metadata["readme"] = {"content-type": "text/markdown", "text": rewrite(text, site)}


def rewrite(readme: str, site: str) -> str:
    """Return *readme* as it reads right away from its checkout, with links below the *site*."""
    first, *rest = re.split(r"(?m)^(?=## )", readme)
    kept = [each for each in rest if each[3:].partition("\n")[0] not in CHECKOUT_ONLY]
    text = PICTURE.sub("", "".join([first, *kept]))
    text = re.sub(r"(?m)^.*`make [a-z-]+`.*\n", "", text)  # a line about a checkout's commands
    return LINK.sub(lambda link: _lead_to(site, link), text)


def _lead_to(site: str, link: re.Match[str]) -> str:
    """Return *link* to the page of the site that shows its file, or its text where none does."""
    path, anchor = link["path"], link["anchor"] or ""
    found = re.fullmatch(r"docs/([a-z0-9-]+)\.md", path)
    page = found[1] if found else ELSEWHERE.get(path)
    return f"[{link['text']}]({site}{page}.html{anchor})" if page else link["text"]
