"""docs/tutorial.md, done as it stands there, up to the account on the screen."""

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, expect

from support.commands import PORTALKEY, clean_environment, free_ports, running
from support.ports import wait_for_port

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"```(sh|python|ini)\n(.*?)```", re.DOTALL)


def test_the_tutorial_ends_with_contacts_on_the_screen(chromium: Browser, tmp_path: Path) -> None:
    """Whoever types what the page says sees what it says, with no step in between."""
    port, simulator = map(str, free_ports())
    text = PAGE.read_text().replace("6001", port).replace("6002", simulator)
    blocks = BLOCK.findall(text)
    app, more = (block for kind, block in blocks if kind != "sh")
    assert [line for kind, block in blocks if kind == "sh" for line in block.splitlines()] == [
        "python3 -m venv .venv",
        ". .venv/bin/activate",
        'pip install "portalkey[flask,simulator]" requests',
        ". .venv/bin/activate",
        "portalkey simulate",
        "portalkey init",
        f"flask run --port {port}",
    ]
    (tmp_path / "app.py").write_text(app)
    back = f"http://localhost:{port}/auth/hubspot/callback"
    lines: list[str] = []
    options = ("--port", simulator, "--redirect-uri", back)
    command = [sys.executable, "-m", "flask", "run", "--port", port]
    env = {**clean_environment(), "XDG_DATA_HOME": str(tmp_path / "data")}
    context = chromium.new_context()
    with ExitStack() as running_app:
        with running("simulate", *options, ready="Ctrl-C", lines=lines):
            fill_in(tmp_path, "".join(lines), port, more)
            server = subprocess.Popen(command, cwd=tmp_path, env=env)
            running_app.callback(server.wait)
            running_app.callback(server.terminate)
            wait_for_port(int(port), lambda: server.poll() is None)
            connect(context, port)
        # Started again, it has forgotten its tokens.
        with running("simulate", *options, ready="Ctrl-C", lines=[]):
            page = context.pages[0]
            page.reload()
            expect(page.get_by_text("connect the account again")).to_be_visible()
            connect(context, port)
    context.close()


def fill_in(folder: Path, printed: str, port: str, more: str) -> None:
    """Let ``portalkey init`` write the settings, and put into them what the simulator *printed*."""
    env = {**clean_environment(), "XDG_DATA_HOME": str(folder / "data")}
    subprocess.run([*PORTALKEY, "init"], cwd=folder, env=env, check=True, capture_output=True)
    client_id, secret = re.findall(r"Client (?:id|secret): +([\w-]+)", printed)
    path = folder / ".env"
    settings = path.read_text().replace("6001", port)
    settings = settings.replace("HUBSPOT_CLIENT_ID=\n", f"HUBSPOT_CLIENT_ID={client_id}\n")
    settings = settings.replace("HUBSPOT_CLIENT_SECRET=\n", f"HUBSPOT_CLIENT_SECRET={secret}\n")
    path.write_text(f"{settings}\n{more}")


def connect(context: BrowserContext, port: str) -> None:
    """Open the page, click, agree, and see the contacts."""
    page = context.pages[0] if context.pages else context.new_page()
    page.goto(f"http://localhost:{port}")
    with page.expect_popup() as opened:
        page.get_by_role("link", name=re.compile("onnect")).click()
    opened.value.locator("button[value=approve]").click()
    expect(page.get_by_role("listitem").first).to_contain_text("@")
