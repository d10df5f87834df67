"""Chromium, as the system has it: nothing here downloads one."""

import os
import shutil
from collections.abc import Sequence

from playwright.sync_api import Browser, Playwright

from support.patience import MILLISECONDS

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # With these, every window brings a page of the browser's own, which costs a second of a core.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess",
]


def launched(
    playwright: Playwright, names: Sequence[str] = NAMES, flags: Sequence[str] = ()
) -> Browser:
    """The first of these programs that is there, started, with these *flags* beside ours."""
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, "The browser tests need Chromium: sudo apt-get install chromium"
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return playwright.chromium.launch(
        executable_path=found,
        args=[*FLAGS, *as_root, *flags],
        timeout=MILLISECONDS,
        # People have a popup blocker, and a cache for the way back.
        ignore_default_args=["--disable-popup-blocking", "--disable-back-forward-cache"],
    )
