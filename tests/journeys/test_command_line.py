"""The commands, as a newcomer runs them: in processes of their own."""

import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from dotenv import dotenv_values

from portalkey.settings import Settings
from portalkey_simulator import DEFAULT_APP, HubSpot
from support.commands import free_ports, run, running
from support.visitor import Visitor


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, HubSpot, Path]]:
    """A demo in a process of its own: its address, its simulator, its data."""
    port, simulator_port = free_ports()
    data = tmp_path_factory.mktemp("demo") / "data"
    ports = ["--port", str(port), "--simulator-port", str(simulator_port)]
    with running("demo", *ports, "--data", str(data), ready="Ctrl-C"):
        yield f"http://localhost:{port}", HubSpot(port=simulator_port), data


def test_the_demo_connects_and_token_prints_a_token(demo: tuple[str, HubSpot, Path]) -> None:
    """The newcomer's journey: open, connect, and a shell gets a working token."""
    url, hubspot, data = demo
    with Visitor(url, hubspot) as visitor:
        visitor.connect()
        owner = visitor.owner

    done = run("token", owner, "--data", str(data))

    assert done.returncode == 0, done.stderr
    bearer = {"Authorization": f"Bearer {done.stdout.strip()}"}
    details = httpx2.get(f"{hubspot.url}/account-info/2026-09/details", headers=bearer)
    assert details.json()["portalId"] == 4410001


def test_token_for_nobody_says_so_in_one_sentence(demo: tuple[str, HubSpot, Path]) -> None:
    """Exit code 1, one line on stderr, nothing on stdout."""
    done = run("token", "nobody", "--data", str(demo[2]))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().count("\n") == 0
    assert "connect one first" in done.stderr


def test_token_reads_the_file_that_is_named(tmp_path: Path) -> None:
    """As every other command does."""
    file = tmp_path / "staging.env"
    file.write_text("HUBSPOT_CLIENT_ID=staging\nPORTALKEY_LABEL=no label\n")
    done = run("token", "ada", "--env-file", str(file), cwd=tmp_path)

    assert done.returncode == 1
    assert "PORTALKEY_LABEL must be" in done.stderr


def test_token_without_a_demo_says_how_to_start_one(tmp_path: Path) -> None:
    """A folder that holds none is not made into one."""
    done = run("token", "ada", "--data", str(tmp_path))

    assert done.returncode == 1
    assert "portalkey demo" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_demo_is_healthy_and_private(demo: tuple[str, HubSpot, Path]) -> None:
    """It answers once the simulator does, and only its own user can read its data."""
    url, _, data = demo

    assert httpx2.get(f"{url}/healthz").json() == {"status": "ok"}
    for file in data.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_a_foreign_host_gets_421(demo: tuple[str, HubSpot, Path]) -> None:
    """No other name can be pointed here (DNS rebinding); a person reads the right address."""
    for path in ("/", "/connections/setup", "/api/hubspot/status"):
        answer = httpx2.get(demo[0] + path, headers={"Host": "evil.test"})
        assert answer.status_code == 421
        assert demo[0].rstrip("/") in answer.text


def test_the_demo_hands_out_tokens_from_an_odd_folder(tmp_path: Path) -> None:
    """Its settings are in the data folder, the platform's own unless told."""
    ports = free_ports()
    arguments = ["demo", "--port", str(ports[0]), "--simulator-port", str(ports[1])]
    odd = tmp_path / "it's a #1 %41?"
    with (
        running(*arguments, ready="Ctrl-C", home=odd),
        Visitor(f"http://localhost:{ports[0]}", HubSpot(port=ports[1])) as ada,
    ):
        ada.connect()
        owner = ada.owner
        (data,) = (file.parent for file in odd.rglob("portalkey.db"))
        assert run("token", owner, "--data", str(data)).returncode == 0
        assert run("token", owner, "--demo", home=odd).returncode == 0


def test_a_taken_port_is_told(demo: tuple[str, HubSpot, Path], tmp_path: Path) -> None:
    """Starting twice says what to do instead of a traceback."""
    port = demo[0].rsplit(":", 1)[1]
    other = str(free_ports()[0])

    done = run("demo", "--port", port, "--simulator-port", other, "--data", str(tmp_path))

    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_simulator_port_is_told(demo: tuple[str, HubSpot, Path], tmp_path: Path) -> None:
    """The simulator's port, too."""
    taken, other = str(demo[1].port), str(free_ports()[0])

    done = run("demo", "--port", other, "--simulator-port", taken, "--data", str(tmp_path))

    assert done.returncode == 1
    assert f"Port {taken}" in done.stderr
    assert "Traceback" not in done.stderr


def test_init_writes_a_private_file_and_says_what_to_paste(tmp_path: Path) -> None:
    """A fresh key, 0600, the redirect URL to register; a second run changes nothing."""
    done = run("init", cwd=tmp_path)
    first = (tmp_path / ".env").read_text()
    again = run("init", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert "http://localhost:6001/auth/hubspot/callback" in done.stdout
    assert again.returncode == 1
    assert (tmp_path / ".env").read_text() == first


@pytest.mark.parametrize(
    ("code", "says", "others"),
    [
        ("from fastapi import FastAPI", "portalkey.fastapi", ("INSTALLED_APPS", "portalkey.flask")),
        ("import django.conf", "INSTALLED_APPS", ("portalkey.fastapi", "portalkey.flask")),
        ("from flask import Flask", "portalkey.flask", ("INSTALLED_APPS", "portalkey.fastapi")),
    ],
)
def test_init_names_the_next_step_of_the_projects_framework(
    tmp_path: Path, code: str, says: str, others: tuple[str, ...]
) -> None:
    """By what its files import, though more is installed: the simulator brings Flask."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.py").write_text(f"{code}\n")
    done = run("init", cwd=tmp_path)

    step = done.stdout.partition("3. ")[2]
    assert says in step
    assert [each for each in others if each in step] == []


def test_init_for_another_port_and_a_simulator_needs_no_edit(tmp_path: Path) -> None:
    """All lines that name an address follow, and its command fits them; a path is the mount."""
    simulator = "http://localhost:6121"
    done = run("init", "--url", "http://localhost:5100", "--simulator", simulator, cwd=tmp_path)
    settings = Settings.from_env(tmp_path / ".env", environ={})
    mounted = tmp_path / "mounted.env"
    run("init", "--url", "https://shop.example/crm/", "--env-file", str(mounted), cwd=tmp_path)

    callback = "http://localhost:5100/auth/hubspot/callback"
    assert (settings.public_url, settings.redirect_uri) == ("http://localhost:5100", callback)
    assert (settings.app_url, settings.api_url) == (simulator, simulator)
    assert settings.client_id == DEFAULT_APP.client_id
    assert settings.client_secret.get_secret_value() == DEFAULT_APP.client_secret
    assert "# The simulator's ready-made app." in (tmp_path / ".env").read_text()
    command = f"portalkey simulate --port 6121 --redirect-uri {callback}"
    assert command in [line.strip() for line in done.stdout.splitlines()]
    assert "# From your app's Auth page at HubSpot." in mounted.read_text()
    values = dotenv_values(mounted)
    assert values["PORTALKEY_PUBLIC_URL"] == "https://shop.example"
    assert values["HUBSPOT_REDIRECT_URI"] == "https://shop.example/crm/auth/hubspot/callback"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--url", "http://127.0.0.1:5100"),
        ("--url", "localhost:5100"),
        ("--url", "http://localhost:5100\nPORTALKEY_COPY=yes"),
        ("--simulator", "https://api.hubapi.com"),
        ("--simulator", "http://localhost:6002\nPORTALKEY_COPY=yes"),
    ],
)
def test_init_refuses_an_address_that_cannot_be(tmp_path: Path, arguments: tuple[str, str]) -> None:
    """One sentence, and no file."""
    done = run("init", *arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert f"Invalid value for '{arguments[0]}': it must be" in done.stderr
    assert not (tmp_path / ".env").exists()


def test_the_file_of_init_can_be_read_by_a_shell(tmp_path: Path) -> None:
    """A value with a space in it is quoted; the shell and portalkey read the same."""
    run("init", "--simulator", "http://localhost:6002", cwd=tmp_path)

    command = ["/bin/sh", "-c", "set -eua; . ./.env; env -0"]
    path = {"PATH": os.environ["PATH"]}
    shell = subprocess.run(command, check=False, cwd=tmp_path, env=path, capture_output=True)
    lines = shell.stdout.decode().split("\0")
    sourced = dict(line.split("=", 1) for line in lines if "=" in line)
    values = dotenv_values(tmp_path / ".env")

    assert shell.returncode == 0, shell.stderr
    assert {name: sourced.get(name) for name in values} == values
    assert sourced["HUBSPOT_SCOPES"] == "oauth crm.objects.contacts.read"


def test_each_project_gets_a_store_of_its_own(tmp_path: Path) -> None:
    """One file for all would hold what another project's keys have sealed."""
    addresses = []
    for folder in (tmp_path / "a b" / "shop", tmp_path / "shop"):
        folder.mkdir(parents=True)
        run("init", cwd=folder)
        addresses.append(str(dotenv_values(folder / ".env")["PORTALKEY_DATABASE_URL"]))

    assert len({*addresses}) == 2
    for address in addresses:
        assert re.fullmatch(r"sqlite:////.+/portalkey/shop-[0-9a-f]{6}\.db", address)


def test_serve_without_credentials_lists_what_is_missing(tmp_path: Path) -> None:
    """All problems at once, each saying what to do."""
    run("init", cwd=tmp_path)

    done = run("serve", cwd=tmp_path)

    assert done.returncode == 1
    for name in ("HUBSPOT_CLIENT_ID", "HUBSPOT_CLIENT_SECRET"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_without_a_key_does_not_start(tmp_path: Path) -> None:
    """Fail closed: no key, no start."""
    (tmp_path / ".env").write_text("HUBSPOT_CLIENT_ID=a\nHUBSPOT_CLIENT_SECRET=b\n")

    done = run("serve", cwd=tmp_path)

    assert done.returncode == 1
    assert "PORTALKEY_KEYS" in done.stderr


def test_serve_runs_with_init_and_credentials(tmp_path: Path) -> None:
    """The three steps that ``init`` prints are enough."""
    run("init", cwd=tmp_path)
    env_file, port = tmp_path / ".env", free_ports()[0]
    text = env_file.read_text().replace("localhost:6001", f"localhost:{port}")
    text = text.replace("CLIENT_ID=", "CLIENT_ID=abc").replace(
        "CLIENT_SECRET=", "CLIENT_SECRET=def"
    )
    database = f"PORTALKEY_DATABASE_URL=sqlite:///{tmp_path / 'x.db'}"
    env_file.write_text(f"{text}{database}\nHUBSPOT_API_VERSION=v3\n")

    with running("serve", ready="September 2027", cwd=tmp_path) as process:
        assert process.stdout is not None
        # Before it there is a word on the store beside the keys, and in a container on its place.
        assert any(f"localhost:{port}" in process.stdout.readline() for _ in range(3))
        page = httpx2.get(f"http://localhost:{port}/connections/setup")
        nobody = run("token", "nobody", cwd=tmp_path)

    assert page.status_code == 200
    assert "connect one first" in nobody.stderr
    assert "simulator" not in page.text


def test_serve_for_other_machines_warns(tmp_path: Path) -> None:
    """Whoever names an address that others reach reads what belongs in front of it."""
    run("init", cwd=tmp_path)
    env_file = tmp_path / ".env"
    text = env_file.read_text().replace("CLIENT_ID=", "CLIENT_ID=abc")
    text = text.replace("CLIENT_SECRET=", "CLIENT_SECRET=def")
    env_file.write_text(f"{text}PORTALKEY_DATABASE_URL=sqlite:///{tmp_path / 'x.db'}\n")

    done = run("serve", "--host", "192.0.2.1", cwd=tmp_path)  # no machine has it (RFC 5737)

    assert "put a proxy with https" in done.stderr
    assert "cannot be used" in done.stderr


def test_an_empty_owner_is_told(tmp_path: Path) -> None:
    """A mistake on the command line is one sentence."""
    done = run("token", "", cwd=tmp_path)

    assert done.returncode == 2
    assert "Invalid value for OWNER: it is empty; write the id" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [("init", "--env-file", "missing/x"), ("demo", "--port", "99999")]
)
def test_mistakes_on_the_command_line_are_told(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """A folder that is not there, a port that is none: a sentence, not a traceback."""
    done = run(*arguments, cwd=tmp_path)

    assert done.returncode in {1, 2}
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_settings_that_are_no_text_are_told(tmp_path: Path) -> None:
    """So is a file in another encoding, without quoting it."""
    (tmp_path / ".env").write_bytes(b"HUBSPOT_CLIENT_SECRET=\xff\xfecanary")

    done = run("serve", cwd=tmp_path)

    assert done.returncode == 1
    assert "not UTF-8" in done.stderr
    assert "canary" not in done.stderr
