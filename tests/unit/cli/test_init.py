"""The file that ``portalkey init`` writes: every name is a setting, every link leads somewhere."""

import re
from pathlib import Path

from portalkey.cli.init import TEMPLATE
from portalkey.settings import Settings, environment, standalone

DOCS = Path(__file__).parents[3] / "docs"


def named() -> set[str]:
    """The variables in it, commented out or not."""
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", TEMPLATE, re.MULTILINE))


def test_every_name_is_a_setting() -> None:
    """One that is uncommented is not refused as misspelt."""
    aliases = {str(field.alias) for field in Settings.model_fields.values()}

    assert named() <= aliases | standalone.NAMES | environment.OF_COMMANDS


def test_what_the_standalone_app_needs_in_public_is_named() -> None:
    """Who people are, the console, and the metrics; none has a value that anybody could guess."""
    needed = standalone.NAMES - {"PORTALKEY_LOG_FORMAT", "PORTALKEY_LOG_LEVEL"}

    assert needed <= named()
    for secret in ("PORTALKEY_CONSOLE_PASSWORD", "PORTALKEY_METRICS_TOKEN"):
        assert f"\n# {secret}=\n" in TEMPLATE


def test_every_link_leads_to_a_page() -> None:
    """And to a heading of it, where it names one."""
    links = re.findall(r"{docs}/([a-z-]+)\.html(?:#([a-z-]+))?", TEMPLATE)

    assert len(links) == TEMPLATE.count("{docs}") == 5
    for page, anchor in links:
        text = (DOCS / f"{page}.md").read_text()
        headings = re.findall("^#+ (.+)$", text, re.MULTILINE)
        assert not anchor or anchor in [each.lower().replace(" ", "-") for each in headings]
