"""The app of docs/own-skin.md, copied into two files and served by hypercorn."""

import re
import sys
from pathlib import Path

from contract.skins.quart_skin import read_files
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.test_servers import running
from support.environment import environment_of
from support.visitor import Visitor

HYPERCORN = [sys.executable, "-m", "hypercorn", "--bind=127.0.0.1:{port}", "app:app"]


def test_the_page_is_all_that_it_takes(
    hubspot: HubSpot, settings: Settings, port: int, tmp_path: Path
) -> None:
    """Signed out, one is led to the app's own sign-in; the journey itself is the contract's."""
    for name, text in read_files().items():
        (tmp_path / name).write_text(text)
    with (
        running(HYPERCORN, environment_of(settings), port, tmp_path / "log"),
        Visitor(settings.public_url, hubspot) as visitor,
    ):
        setup = visitor.get("/connections/setup")

        assert setup.status_code == 303
        assert setup.headers["location"].startswith("/login?next=")
        assert visitor.status()["error"] == "signed_out"
        assert re.search("export", visitor.get("/auth/hubspot/static/connect.js").text)
