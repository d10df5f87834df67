"""``portalkey doctor``, as an operator runs it."""

import json
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.settings import Settings
from portalkey.vault import SQLStore
from portalkey.vault.open import open_vault
from portalkey_simulator import HubSpot
from support.commands import PORTALKEY, clean_environment, run
from support.environment import environment_of
from support.hosting import host_app
from support.visitor import Visitor

pytest_plugins = ("support.postgres",)


def write_env(path: Path, settings: Settings, **more: str) -> Path:
    """The settings in a file that others may not read."""
    values = environment_of(settings) | more
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    path.chmod(0o600)
    return path


def run_doctor(env_file: Path, *more: str, columns: int = 80) -> subprocess.CompletedProcess[str]:
    """The command, in a folder of its own; nothing secret is in what it says."""
    folder = env_file.parent / "project"
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [*PORTALKEY, "doctor", "--env-file", str(env_file), *more],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=clean_environment() | {"COLUMNS": str(columns)},
    )
    assert "canary" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """The state of each check, by its name; the worst where one has several."""
    worst = ["ok", "unknown", "warning", "problem"]
    found: dict[str, str] = {}
    for each in json.loads(done.stdout)["checks"]:
        states = (found.get(each["name"], "ok"), each["state"])
        found[each["name"]] = max(states, key=worst.index)
    return found


@pytest.fixture
def env_file(settings: Settings, tmp_path: Path) -> Path:
    """The settings, as commands read them."""
    return write_env(tmp_path / "app.env", settings)


def test_a_running_app_is_well(visitor: Visitor, broker: Broker, env_file: Path) -> None:
    """With its public address; every group, and exit code 0."""
    visitor.connect()

    done = run_doctor(env_file, "--public", "--json")

    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (0, True), told
    assert {each["group"] for each in told["checks"]} == {
        "Settings",
        "Store",
        "HubSpot",
        "Project",
        "Public address",
    }
    assert {"mount", "headers", "script", "clock", "keys", "sizes"} <= checks(done).keys()
    assert {state for name, state in checks(done).items() if name != "keys"} == {"ok"}


@pytest.mark.parametrize(
    ("blocks", "state"), [("head", "problem"), ("content", "problem"), ("head content", "ok")]
)
def test_a_layout_of_the_app_s_is_looked_at(
    broker: Broker, port: int, env_file: Path, blocks: str, state: str
) -> None:
    """As the running app knows it: what it lacks is said, before anybody opens the page."""
    layout = "".join(f"{{% block {name} %}}{{% endblock %}}" for name in blocks.split())
    app = host_app(broker, templates={"layout.html": layout}, base_template="layout.html")

    with Listener(app, broker, host="127.0.0.1", port=port):
        done = run_doctor(env_file, "--public", "--json")

    assert checks(done)["layout"] == state
    assert done.returncode == (1 if state == "problem" else 0)


def test_a_session_cookie_that_nobody_was_given_is_not_called_good(
    broker: Broker, port: int, env_file: Path
) -> None:
    """An app with a sign-in sets the doctor none; that is said, and nothing has to be done."""
    with Listener(host_app(broker), broker, host="127.0.0.1", port=port):
        done = run_doctor(env_file, "--public")

    assert done.returncode == 0
    assert "All is well" not in done.stdout
    assert "The session's cookie was not seen" in done.stdout


@pytest.mark.parametrize("columns", [80, 120])
def test_it_is_said_in_sentences(env_file: Path, columns: int) -> None:
    """The judgement first; a mark and a word, whatever the width, and no colour for a file."""
    done = run_doctor(env_file, columns=columns)

    first, blank, title, *_ = done.stdout.splitlines()
    assert (blank, title) == ("", "Settings")
    assert first.endswith(".")
    assert "\x1b" not in done.stdout
    assert "  ✓ ok       " in done.stdout
    assert max(len(line) for line in done.stdout.splitlines() if "/" not in line) <= columns


def test_settings_that_cannot_be_used_are_listed(tmp_path: Path) -> None:
    """All of them, and nothing else is looked at."""
    path = tmp_path / "bad.env"
    path.write_text("HUBSPOT_CLIENT_ID=app\nPORTALKEY_KEYS=canary\n")

    done = run_doctor(path, "--json")

    assert done.returncode == 1
    assert checks(done) == {"settings": "problem", "everything": "unknown"}
    assert len(json.loads(done.stdout)["checks"]) >= 3


def test_what_the_standalone_app_would_not_start_with_is_a_problem(
    settings: Settings, tmp_path: Path
) -> None:
    """As ``serve`` says it; nothing else is kept from being looked at."""
    env_file = write_env(tmp_path / "app.env", settings, PORTALKEY_OWNER_HEADER="X-Forwarded-User")
    done = run_doctor(env_file, "--json")

    assert done.returncode == 1
    assert "PORTALKEY_OWNER_HEADER needs PORTALKEY_TRUSTED_PROXIES" in done.stdout
    assert "store" in checks(done)


def test_a_database_that_the_app_never_used_has_nothing_to_be_done(
    settings: Settings, tmp_path: Path, postgres_url: str
) -> None:
    """The app makes the tables; the doctor makes none, and neither does a check."""
    env_file = write_env(tmp_path / "app.env", settings, PORTALKEY_DATABASE_URL=postgres_url)
    for _ in range(2):
        done = run_doctor(env_file, "--json")
        assert checks(done)["no_tables"] == "warning"
        assert "start the app once, which makes them" in done.stdout
        assert "problem" not in checks(done).values()
    checked = run("db", "check", "--env-file", str(env_file))
    assert (checked.returncode, "start the app once" in checked.stdout) == (0, True)


def test_hubspot_away_and_a_wrong_key_stop_no_other_check(
    visitor: Visitor, settings: Settings, hubspot: HubSpot, tmp_path: Path
) -> None:
    """Each is said, with what to do, and the exit code is 1."""
    visitor.connect()
    open_vault(settings).store.close()  # writes the right key's check value
    other = f"test:{Fernet.generate_key().decode()}"
    env_file = write_env(tmp_path / "app.env", settings, PORTALKEY_KEYS=other)
    hubspot.stop()

    done = run_doctor(env_file, "--json")

    assert done.returncode == 1
    found = checks(done)
    assert {found[name] for name in ("hubspot", "keys")} == {"problem"}
    assert found["credentials"] == "unknown"
    assert {found[name] for name in ("sizes", "connections", "settings")} == {"ok"}
    for each in json.loads(done.stdout)["checks"]:
        assert each["to_do"] or each["state"] in {"ok", "unknown"}, each


def test_a_simulator_that_does_not_answer_or_know_the_redirect_uri(
    settings: Settings, hubspot: HubSpot, tmp_path: Path
) -> None:
    """The command that puts it right is named, and nothing is said of networks."""
    elsewhere = f"{settings.public_url}/crm/auth/hubspot/callback"
    env_file = write_env(tmp_path / "app.env", settings, HUBSPOT_REDIRECT_URI=elsewhere)
    unknown = run_doctor(env_file, "--json")
    hubspot.stop()
    away = run_doctor(env_file, "--json")

    assert checks(unknown)["redirect_uri"] == "problem"
    start = f"portalkey simulate --port {hubspot.port} --redirect-uri {elsewhere}"
    assert f"`{start}`" in unknown.stdout
    assert f"No simulator answers at {hubspot.url}." in away.stdout
    assert f"Start `portalkey simulate --port {hubspot.port}`, or correct" in away.stdout
    assert "redirect_uri" not in checks(away)


@pytest.mark.parametrize(
    ("more", "setting"),
    [
        ({"HUBSPOT_CLIENT_ID": "another"}, "HUBSPOT_CLIENT_ID"),
        ({"HUBSPOT_CLIENT_SECRET": "canary-of-another"}, "HUBSPOT_CLIENT_SECRET"),
    ],
)
def test_credentials_that_hubspot_refuses(
    settings: Settings, hubspot: HubSpot, tmp_path: Path, more: dict[str, str], setting: str
) -> None:
    """HubSpot is asked, and the setting to look at is named."""
    assert hubspot.url == settings.api_url

    done = run_doctor(write_env(tmp_path / "app.env", settings, **more), "--json")

    (found,) = (each for each in json.loads(done.stdout)["checks"] if each["name"] == "credentials")
    assert (done.returncode, found["state"]) == (1, "problem")
    assert found["to_do"].startswith(f"Compare {setting} with")


def test_of_two_secrets_the_one_that_is_sent_counts(
    settings: Settings, hubspot: HubSpot, tmp_path: Path
) -> None:
    """A new secret is tried before the old one goes; in a copy, too."""
    right = hubspot.app.client_secret
    found = []
    for secrets in (f"{right},canary-of-another", f"canary-of-another,{right}"):
        more = {"HUBSPOT_CLIENT_SECRET": secrets, "PORTALKEY_COPY": "yes"}
        env_file = write_env(tmp_path / "app.env", settings, **more)
        found.append(checks(run_doctor(env_file, "--json"))["credentials"])

    assert found == ["ok", "problem"]


def test_a_clock_that_is_wrong_is_found_by_hubspot_s(hubspot: HubSpot, env_file: Path) -> None:
    """Which says in every answer what time it is."""
    hubspot.clock.move(400)

    assert checks(run_doctor(env_file, "--json"))["clock"] == "problem"


def test_postgresql_is_looked_at(
    settings: Settings, migrated_postgres_url: str, tmp_path: Path
) -> None:
    """The same checks; and that it is away is said without its password."""
    with closing(SQLStore.open(migrated_postgres_url)):
        pass
    there = settings.model_copy(update={"database_url": migrated_postgres_url})
    away = "postgresql://app:canary-password@127.0.0.1:1/app"

    done = run_doctor(write_env(tmp_path / "there.env", there), "--json")
    gone = settings.model_copy(update={"database_url": away})
    not_there = run_doctor(write_env(tmp_path / "away.env", gone), "--json")

    assert done.returncode == 0, done.stdout
    assert {"version", "tables", "keys", "outbox", "breaker", "sizes"} <= checks(done).keys()
    assert not_there.returncode == 1
    assert checks(not_there)["database"] == "problem"
    assert checks(not_there)["hubspot"] == "ok"
