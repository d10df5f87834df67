"""The files of deploy/, each tried as far as this machine can."""

import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from portalkey.settings import Settings
from portalkey.settings.standalone import NAMES
from portalkey.vault.keyring import new_key
from portalkey_simulator import App, running_hubspot
from support.certificates import certificate
from support.commands import clean_environment
from support.nginx import running_nginx_with
from support.patience import PATIENCE
from support.ports import free_port
from support.visitor import Visitor

pytest_plugins = ("support.postgres",)

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
SETTING = re.compile(r"\b(?:HUBSPOT|PORTALKEY)_[A-Z_]+\b")
SECRET = "s" * 20


def settings_of(public_url: str, mount: str = "", **more: str) -> dict[str, str]:
    """The least that the app needs, at *public_url*, below *mount*."""
    return {
        "HUBSPOT_CLIENT_ID": "deployed",
        "HUBSPOT_CLIENT_SECRET": SECRET,
        "HUBSPOT_REDIRECT_URI": f"{public_url}{mount}/auth/hubspot/callback",
        "PORTALKEY_PUBLIC_URL": public_url,
        "PORTALKEY_KEYS": f"first:{new_key().get_secret_value()}",
        **more,
    }


@contextmanager
def running_gunicorn(command: list[str], settings: Mapping[str, str], cwd: Path) -> Iterator[None]:
    """A server that runs until the block ends, in *cwd*, with *settings* alone."""
    with subprocess.Popen(command, env={**clean_environment(), **settings}, cwd=cwd) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def wait_until_ready(port: int) -> None:
    """Return once the app answers that it can work."""
    until = time.monotonic() + PATIENCE
    while True:
        with suppress(httpx2.TransportError):
            if httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                return
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_names_settings_that_there_are(path: Path) -> None:
    """A name that was misspelt here would stop the start, or be read by nobody."""
    known = {field.alias for field in Settings.model_fields.values()} | NAMES
    known |= {f"{name}_FILE" for name in ("HUBSPOT_CLIENT_SECRET", "PORTALKEY_DATABASE_URL")}

    assert set(SETTING.findall(path.read_text())) <= known


@pytest.mark.parametrize("mount", ["", "/crm"], ids=["root", "prefix"])
def test_nginx_before_two_processes(mount: str, migrated_postgres_url: str, tmp_path: Path) -> None:
    """TLS, PostgreSQL, a path: somebody connects, and no log has what HubSpot handed over."""
    port, behind, plain = free_port(), free_port(), free_port()
    public = f"https://localhost:{port}"
    authority = certificate("localhost", tmp_path)
    file, name = (
        ("prefix.conf", "www.example.com") if mount else ("root.conf", "portalkey.example.com")
    )
    config = replace_all(
        (DEPLOY / "nginx" / file).read_text(),
        {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            f"server_name {name};": "server_name localhost;",
            "/etc/ssl/portalkey.pem": str(authority),
            "/etc/ssl/portalkey.key": str(authority),
            "/var/log/nginx/portalkey.log": str(tmp_path / "access.log"),
            "http://127.0.0.1:6001": f"http://127.0.0.1:{behind}",
        },
    )
    app = App(
        client_id="deployed",
        client_secret=SECRET,
        redirect_uris=(f"{public}{mount}/auth/hubspot/callback",),
    )
    server = [sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{behind}", "--workers=2"]
    with ExitStack() as running:
        hubspot = running.enter_context(running_hubspot(apps=[app]))
        settings = settings_of(
            public,
            mount,
            HUBSPOT_APP_URL=hubspot.url,
            HUBSPOT_API_URL=hubspot.url,
            PORTALKEY_DATABASE_URL=migrated_postgres_url,
            PORTALKEY_OWNER="harbour-pine",
        )
        command = [*server, "--threads=4", "portalkey.cli.server.wsgi:app"]
        running.enter_context(running_gunicorn(command, settings, tmp_path))
        wait_until_ready(behind)
        running.enter_context(running_nginx_with(tmp_path, config, port))
        tls = ssl.create_default_context(cafile=authority)
        with Visitor(f"{public}{mount}", hubspot, tls=tls) as visitor:
            assert visitor.owner == "harbour-pine"
            done = visitor.connect()
        moved = httpx2.get(f"http://127.0.0.1:{plain}/x", headers={"Host": "localhost"})

    assert "Connected to HubSpot" in done.text
    assert done.headers["strict-transport-security"]
    assert moved.headers["location"] == "https://localhost/x"
    log = (tmp_path / "access.log").read_text()
    assert f"GET {mount}/auth/hubspot/callback" in log
    assert "code=" not in log


def replace_all(text: str, parts: Mapping[str, str]) -> str:
    """*text* with each of *parts* in place of another; each has to be there."""
    for old, new in parts.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_the_images_steps_make_an_app_that_answers(tmp_path: Path) -> None:
    """The steps of the Dockerfile, in a tree of their own: no image is built here."""
    lines = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    first = lines[: lines.index("FROM python:3.13-slim")]
    here = {"/app": str(tmp_path / "app"), "/src": str(tmp_path / "src")}
    for line in first:
        step, _, rest = line.partition(" ")
        if step == "COPY":
            *sources, target = rest.split()
            copy(sources, Path(replace_start(target, here)), is_folder=target.endswith("/"))
        if step == "RUN":
            words = [replace_start(word, here) for word in shlex.split(rest)]
            words[0] = sys.executable if words[0] == "python" else words[0]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    port = free_port()
    command, check = (find_command(lines, start, port) for start in ("CMD ", "HEALTHCHECK "))
    path = f"{here['/app']}/bin"
    settings = settings_of(
        f"http://localhost:{port}",
        PORTALKEY_DATABASE_URL=f"sqlite:///{tmp_path}/portalkey.db",
        PATH=f"{path}{os.pathsep}{os.environ['PATH']}",
    )
    command[0], check[0] = f"{path}/{command[0]}", f"{path}/{check[0]}"
    with running_gunicorn(command, settings, tmp_path):
        wait_until_ready(port)
        assert subprocess.run(check, check=False).returncode == 0
        page = httpx2.get(f"http://localhost:{port}/connections/setup")
    assert page.status_code == 200


def copy(sources: list[str], target: Path, *, is_folder: bool) -> None:
    """Copy what COPY says from the project's root."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target)
        else:
            (target if is_folder else target.parent).mkdir(exist_ok=True)
            shutil.copy(ROOT / source, target)


def replace_start(word: str, parts: Mapping[str, str]) -> str:
    """*word* with its beginning replaced, where it is one of *parts*."""
    start = next((each for each in parts if word.startswith(each)), None)
    return word if start is None else parts[start] + word.removeprefix(start)


def find_command(lines: list[str], start: str, port: int) -> list[str]:
    """The list after CMD in the line that begins with *start*, for another *port*."""
    line = next(each for each in lines if each.startswith(start))
    words: list[str] = eval(line[line.index("[") :], {"__builtins__": {}})  # noqa: S307 - our own file
    return [word.replace("6001", str(port)).replace("0.0.0.0", "127.0.0.1") for word in words]  # noqa: S104 - replaced


SYSTEMD = shutil.which("systemd-analyze")


WORKER = "/srv/shop/.venv/bin/portalkey work"


def units_of_the_page() -> dict[str, str]:
    """The unit in docs/servers.md for an app of one's own, and its worker, made as it says."""
    page = (ROOT / "docs" / "servers.md").read_text()
    (unit,) = re.findall(r"```ini\n(\[Unit\].*?)```", page, re.DOTALL)
    assert f"`ExecStart={WORKER}`" in page
    work = re.sub(r"(?m)^ExecStart=.*$", f"ExecStart={WORKER}", unit)
    assert work != unit
    return {"shop.service": unit, "shop-work.service": work}


UNITS = {
    each.name: each.read_text() for each in (DEPLOY / "systemd").iterdir()
} | units_of_the_page()


@pytest.mark.skipif(SYSTEMD is None, reason="needs systemd")
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_the_units(unit: str, tmp_path: Path) -> None:
    """Every line of them; the program's path is this environment's."""
    file = tmp_path / unit
    file.write_text(
        re.sub(r"/(?:opt/portalkey|srv/shop/\.venv)/bin/\w+", sys.executable, UNITS[unit])
    )
    done = subprocess.run(
        [str(SYSTEMD), "verify", "--man=no", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if unit in line]

    assert ours == []
