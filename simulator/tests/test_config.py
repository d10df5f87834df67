"""A simulator as a file describes it."""

import json
from pathlib import Path

import pytest

from portalkey_simulator import ACCOUNTS, HubSpot
from portalkey_simulator.config import BadConfig, Config, read_config

WHOLE = """
port = 6010
seed = 7

[[apps]]
client_id = "first"
client_secret = "canary-secret-one"
redirect_uris = ["http://localhost:3000/callback"]
required_scopes = ["oauth", "tickets"]

[[apps]]
hsmeta = "app/app-hsmeta.json"
client_id = "second"
client_secret = "canary-secret-two"
name = "Another name"

[[accounts]]
hub_id = 71
name = "One"
domain = "one.example"
tier = "starter"
utc_offset_hours = -3
lacks = ["tickets"]
[[accounts.users]]
user_id = 1
email = "a@one.example"
may_install = false

[switches]
rotate_refresh_tokens = true
latency = 0.5

[[faults]]
fault = "late"
at = "crm"
seconds = 2
times = 3

[[faults]]
fault = "refusal"
refusal = "BAD_HUB"
"""
HSMETA = {
    "uid": "of-a-project",
    "type": "app",
    "config": {
        "name": "Project app",
        "distribution": "private",
        "auth": {
            "type": "oauth",
            "redirectUrls": ["http://localhost:3000/hsmeta"],
            "requiredScopes": ["oauth"],
            "optionalScopes": ["forms"],
            "conditionallyRequiredScopes": [],
        },
    },
}


def written(folder: Path, text: str, name: str = "simulator.toml") -> Path:
    """The file of this *text*, a project beside it."""
    project = folder / "app"
    project.mkdir(exist_ok=True)
    (project / "app-hsmeta.json").write_text(json.dumps(HSMETA))
    path = folder / name
    path.write_text(text)
    return path


def test_file_that_says_everything(tmp_path: Path) -> None:
    """Apps, theirs from a project too, accounts with users, switches, faults, port and seed."""
    config = read_config(written(tmp_path, WHOLE))
    first, second = config.apps

    assert (config.port, config.seed) == (6010, 7)
    assert (first.client_id, first.required_scopes) == ("first", ("oauth", "tickets"))
    assert (second.name, second.optional_scopes) == ("Another name", ("forms",))
    assert second.redirect_uris == ("http://localhost:3000/hsmeta",)
    (account,) = config.accounts
    assert (account.tier, account.utc_offset_hours) == ("starter", -3)
    assert account.lacks == {"tickets"}
    assert not account.users[0].may_install


def test_switches_and_faults_of_a_file(tmp_path: Path) -> None:
    """They hold from the start, and again after a reset."""
    config = read_config(written(tmp_path, WHOLE))
    hubspot = HubSpot(config.apps, prepare=config.prepare)
    hubspot.switches.latency = 0
    hubspot.faults.clear()
    hubspot.reset()

    assert hubspot.switches.latency == 0.5
    assert hubspot.switches.rotate_refresh_tokens is True
    late, refusal = hubspot.faults.rules
    assert (late.fault.kind, late.at, late.times, late.fault.seconds) == ("late", "crm", 3, 2)
    assert refusal.fault.refusal == "BAD_HUB"


@pytest.mark.parametrize(("name", "text"), [("a.toml", ""), ("a.json", "{}")])
def test_file_that_says_nothing(tmp_path: Path, name: str, text: str) -> None:
    """A field that a file leaves out has its default."""
    config = read_config(written(tmp_path, text, name))

    assert config == Config()
    assert config.accounts == ACCOUNTS


def test_file_in_json(tmp_path: Path) -> None:
    """JSON says the same as TOML."""
    text = json.dumps({"port": 1, "switches": {"pkce": "ignored"}, "faults": [{"fault": "empty"}]})
    config = read_config(written(tmp_path, text, "a.json"))

    assert (config.port, config.switches) == (1, {"pkce": "ignored"})
    assert config.faults[0].fault == "empty"


USER = '[[accounts.users]]\nuser_id = 1\nemail = "e"'
APP = '[[apps]]\nclient_id = "c"\nclient_secret = "canary-secret"'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("port = ", "file is not TOML"),
        ("a = " + "[" * 5000, "file is not TOML"),
        ("prot = 1", "prot is unknown; allowed: port, seed, apps"),
        ("port = 70000", "port cannot be 70000; allowed: a whole number from 0 to 65535"),
        ("port = 2020-01-01", "port cannot be a date; allowed: what JSON has"),
        (
            "[[faults]]\nfault = 'answer'\nbody = {a = [1, {when = 10:00:00}]}",
            "faults[0].body.a[1].when cannot be a time; allowed: what JSON has",
        ),
        ("[[faults]]\nfault = 'answer'\nbody = {a = nan}", "faults[0].body.a cannot be nan"),
        ("[switches]\nlatency = -inf", "switches.latency cannot be -inf"),
        (
            "[[apps]]\nclient_id = 'c'\nclient_secret = 12345678",
            "apps[0].client_secret cannot be what was given; allowed: a text",
        ),
        ("apps = 1", "apps cannot be 1; allowed: a list, each an object"),
        (APP, "apps[0].redirect_uris is missing; allowed: a list, each a text"),
        (f"{APP}\nredirect_uris = ['http://a']", "apps[0] does not do: HubSpot registers https"),
        (f"{APP}\nname = 1", "apps[0].name cannot be 1; allowed: a text"),
        (f"{APP}\nhsmeta = 'none.json'", "apps[0].hsmeta does not do"),
        ("[[apps]]\nhsmeta = 'app/app-hsmeta.json'", "apps[0].client_id is missing"),
        (
            f"{APP}\nhsmeta = 'app/app-hsmeta.json'\n" * 2,
            "apps[1].client_id is given more than once",
        ),
        ("[[accounts]]\nhub_id = 'x'", 'accounts[0].hub_id cannot be "x"'),
        ("[[accounts]]\nhub_id = 1\nname = 'n'\ndomain = 'd'", "accounts[0].users is missing"),
        (
            f"[[accounts]]\nhub_id = 1\nname = 'n'\ndomain = 'd'\ntier = 'gold'\n{USER}",
            'accounts[0].tier cannot be "gold"; allowed: free, starter, professional, enterprise',
        ),
        ("[switches]\nrotate = true", "switches.rotate is unknown; allowed: cancel_sends"),
        ("[switches]\npkce = 'off'", "switches.pkce cannot have this value; allowed: enforced"),
        ("[[faults]]\nfault = 'x'", 'faults[0].fault cannot be "x"; allowed: answer, late'),
        ("[[faults]]\nfault = 'refusal'", "faults[0].refusal is none of HubSpot's; allowed: BAD_"),
    ],
)
def test_file_that_cannot_be(tmp_path: Path, text: str, told: str) -> None:
    """One sentence names the file, the field and what is allowed; no secret is in it."""
    path = written(tmp_path, text)
    with pytest.raises(BadConfig) as bad:
        read_config(path)

    assert str(bad.value).startswith(f"{path}: ")
    assert told in str(bad.value)
    assert "canary" not in str(bad.value)
    assert "12345678" not in str(bad.value)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """A sentence names it."""
    with pytest.raises(BadConfig, match="No such file"):
        read_config(tmp_path / "none.toml")


def test_json_that_is_none(tmp_path: Path) -> None:
    """A file that is not called ``.toml`` has to be JSON."""
    told = r"simulator.conf: file is not JSON at line 2, column 1; allowed: a JSON object"
    with pytest.raises(BadConfig, match=told):
        read_config(written(tmp_path, "\nport = 1", "simulator.conf"))


def test_json_that_is_no_text(tmp_path: Path) -> None:
    """A text that cannot be decoded is refused without a line number."""
    path = tmp_path / "simulator.json"
    path.write_bytes(b'{"port": "\xff"}')
    with pytest.raises(BadConfig, match="file is not JSON; allowed"):
        read_config(path)


def test_toml_in_upper_case(tmp_path: Path) -> None:
    """A name in upper case is TOML as well."""
    assert read_config(written(tmp_path, "port = 1", "SIMULATOR.TOML")).port == 1


def test_file_of_the_docs(tmp_path: Path) -> None:
    """The example in the docs is read as it stands."""
    text = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    example = text.partition("```toml\n")[2].partition("```")[0]
    project = tmp_path / "src" / "app"
    project.mkdir(parents=True)
    (project / "app-hsmeta.json").write_text(json.dumps(HSMETA))
    config = read_config(written(tmp_path, example))

    assert [app.client_id for app in config.apps] == ["my-app", "my-project"]
    assert config.accounts[0].tier == "free"
