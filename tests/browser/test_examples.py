"""The examples, run as their own pages say, by somebody who copied the folder."""

import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from support.commands import free_ports
from support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
FLASK = ("-m", "flask", "--env-file", "simulator.env", "run")
SERVERS = {"fastapi": ("-m", "uvicorn", "--env-file", "simulator.env", "app:app")}


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A copy, in which an example may leave its files; npm's packages are found above it."""
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    left = shutil.ignore_patterns("node_modules", "bundle.js", "*.env", "__pycache__")
    return Path(shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=left))


@contextmanager
def running(folder: Path, *command: str) -> Iterator[None]:
    """*command*, run by this Python in *folder*, until the block ends as Ctrl-C would end it."""
    with subprocess.Popen([sys.executable, *command], cwd=folder) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=PATIENCE)


@pytest.fixture
def serve(chromium: Browser, examples: Path) -> Iterator[Callable[[str], Page]]:
    """Runs an example beside a simulator; a tab on its page."""
    with ExitStack() as stack:

        def serve(name: str) -> Page:
            folder, (port, simulator_port) = examples / name, free_ports()
            simulator = ("../simulator.py", str(port), str(simulator_port))
            stack.enter_context(running(folder, *simulator))
            page = chromium.new_context().new_page()
            stack.callback(page.context.close)
            wait_for(page, simulator_port)
            stack.enter_context(running(folder, *command_of(folder, port)))
            wait_for(page, port)
            page.goto(f"http://localhost:{port}")
            return page

        yield serve


def command_of(folder: Path, port: int) -> tuple[str, ...]:
    """The command that the example's page names."""
    if folder.name == "django":
        (folder / "simulator.env").rename(folder / ".env")
        # Its reloader would be a second process, which Ctrl-C on the first leaves.
        return ("app.py", "runserver", "--noreload", str(port))
    return (*SERVERS.get(folder.name, FLASK), "--port", str(port))


def wait_for(page: Page, port: int) -> None:
    """Wait until somebody answers on *port*."""
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        page.wait_for_timeout(100)
    raise AssertionError(f"nobody answers on port {port}")


def connect(page: Page, *, by: Literal["link", "button"] = "link") -> None:
    """Click, agree, and see the popup go."""
    with page.expect_popup() as opened:
        page.get_by_role(by, name="Connect to HubSpot").click()
    popup = opened.value
    with popup.expect_event("close"):
        popup.locator("button[value=approve]").click()


@pytest.mark.parametrize("name", ["plain", "fastapi", "django"])
def test_the_plain_example_connects(serve: Callable[[str], Page], name: str) -> None:
    """The page shows the account, and its token opens HubSpot's API."""
    page = serve(name)
    connect(page)
    page.get_by_role("link", name="harbourpine.example").click()

    expect(page.get_by_text(re.compile(r'"portalId": ?4410001'))).to_be_visible()


def test_the_react_example_connects(serve: Callable[[str], Page], examples: Path) -> None:
    """The component has its link from the API, and shows the account without a reload."""
    assert (ROOT / "node_modules").exists(), "make node_modules/.package-lock.json"
    command = ["npm", "run", "build"]
    subprocess.run(command, cwd=examples / "react", check=True, capture_output=True)
    page = serve("react")
    page.evaluate("window.stayed = true")
    connect(page)

    expect(page.get_by_text("Your account: harbourpine.example")).to_be_visible()
    expect(page.get_by_role("link", name="Connect another account")).to_be_focused()
    assert page.evaluate("stayed")


def test_the_deliver_example_has_the_token(serve: Callable[[str], Page]) -> None:
    """The page says that it holds one, and for how long."""
    page = serve("deliver")
    connect(page, by="button")

    expect(page.get_by_role("status")).to_have_text("This page holds a token for 30 minutes.")
