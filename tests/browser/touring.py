"""The demo in a process of its own, and the steps that its page leads through."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from support.commands import free_ports, running


@contextmanager
def running_demo(
    data: Path, *options: str, lines: list[str] | None = None
) -> Iterator[tuple[str, str]]:
    """A demo with these *options*: its address, and its simulator's. Ctrl-C ends it cleanly."""
    port, simulator = free_ports()
    ports = ("--port", f"{port}", "--simulator-port", f"{simulator}")
    command = ("demo", *ports, "--data", str(data), *options)
    with running(*command, ready="Ctrl-C", lines=lines) as process:
        yield f"http://localhost:{port}", f"http://localhost:{simulator}"
    assert process.returncode == 0


def step(page: Page, name: str) -> Locator:
    """One step of the page's list."""
    return page.locator(f"[data-step={name}]")


def opened(page: Page, name: str) -> Page:
    """What the step's button or link opens."""
    with page.expect_popup() as window:
        step(page, name).locator("a, button").first.click()
    return window.value


def is_done(page: Page, name: str) -> None:
    """Wait until the step is ticked, by itself."""
    expect(step(page, name)).to_have_class(re.compile("is-done"))


def account(page: Page, name: str) -> Locator:
    """What the app sees of this account."""
    return page.get_by_role("article", name=name)


def agree(consent: Page, number: int = 0) -> None:
    """Choose an account at HubSpot, where there is a choice, and agree."""
    choices = consent.locator("input[name=hub_id][type=radio]")
    consent.locator("button[value=approve]").wait_for()
    if choices.count() > number:
        choices.nth(number).check()
    consent.locator("button[value=approve]").click()
