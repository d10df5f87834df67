"""Misspelt names of settings, and names of other programs, in the environment."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from portalkey.errors import BadSettings
from portalkey.settings import Settings

ENOUGH: Mapping[str, str] = {
    "HUBSPOT_CLIENT_ID": "client-1",
    "HUBSPOT_CLIENT_SECRET": "a-secret",
    "PORTALKEY_KEYS": f"first:{Fernet.generate_key().decode()}",
}
URI = "http://localhost:6001/auth/hubspot/callback"


def read(**changes: str) -> Settings:
    """Settings from an environment with *changes*, and no file."""
    return Settings.from_env(None, {**ENOUGH, **changes})


def problems(**changes: str) -> tuple[str, ...]:
    """What is wrong with an environment with *changes*."""
    with pytest.raises(BadSettings) as caught:
        read(**changes)
    return caught.value.problems


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("PORTALKEY_KEY", "PORTALKEY_KEYS"),
        ("PORTALKEY_DATABASE_URI", "PORTALKEY_DATABASE_URL"),
        ("PORTALKEY_KEYFILE", "PORTALKEY_KEYS_FILE"),
        ("portalkey_keys", "PORTALKEY_KEYS"),
        ("PORTALKEY_URL", "PORTALKEY_PUBLIC_URL"),
        ("PORTALKEY_URI", "PORTALKEY_PUBLIC_URL"),
        ("PORTALKEY_BASE_URL", "PORTALKEY_PUBLIC_URL"),
        ("PORTALKEY_DB_URL", "PORTALKEY_DATABASE_URL"),
        ("PORTALKEY_DSN", "PORTALKEY_DATABASE_URL"),
        ("PORTALKEY_FERNET_KEY", "PORTALKEY_KEYS"),
        ("PORTALKEY_CORS_ORIGINS", "PORTALKEY_ALLOWED_ORIGINS"),
        ("PORTALKEY_CALLBACK_URL", "HUBSPOT_REDIRECT_URI"),
        ("PORTALKEY_REDIRECT_URI", "HUBSPOT_REDIRECT_URI"),
        ("PORTALKEY_REDIRECT_URL", "HUBSPOT_REDIRECT_URI"),
        ("PORTALKEY_CLIENT_ID", "HUBSPOT_CLIENT_ID"),
        ("PORTALKEY_CLIENTSECRET", "HUBSPOT_CLIENT_SECRET"),
        ("PORTALKEY_SCOPE", "HUBSPOT_SCOPES"),
    ],
)
def test_a_misspelt_name_of_ours(name: str, right: str) -> None:
    """All that begins with our name is ours: what would be ignored is a problem."""
    found = problems(**{name: "canary"})

    assert found[0] == f"{name} is not a setting; did you mean {right}?"
    assert "canary" not in found[0]


@pytest.mark.parametrize("name", ["PORTALKEY_XYZ", "PORTALKEY_", "PORTALKEY_PORTS"])
def test_a_name_of_ours_that_is_like_none(name: str) -> None:
    """Nothing is guessed that would lead astray."""
    assert problems(**{name: "canary"}) == (
        f"{name} is not a setting; docs/settings.md has the names of all.",
    )


@pytest.mark.parametrize("name", ["PORTALKEY_KEY", "PORTALKEY_SECRET_KEY", "PORTAL_KEYS", ""])
def test_keys_under_a_wrong_name_come_before_any_advice(name: str) -> None:
    """Whoever made a fresh key could not open what that one has sealed."""
    found = problems(PORTALKEY_KEYS="", **({name: ENOUGH["PORTALKEY_KEYS"]} if name else {}))
    advice = "; make one with `portalkey init`, or name a file of keys in PORTALKEY_KEYS_FILE"

    assert [each.split(";")[0] for each in found[:-1]] == (
        [f"{name} is not a setting"] if name else []
    )
    assert all("did you mean PORTALKEY_KEYS?" in each for each in found[:-1])
    assert found[-1] == f"PORTALKEY_KEYS holds no key{'' if name else advice}."


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("CLIENT_ID", "HUBSPOT_CLIENT_ID"),
        ("HUBSPOT_ID", "HUBSPOT_CLIENT_ID"),
        ("CLIENT_SECRET", "HUBSPOT_CLIENT_SECRET"),
        ("HUBSPOT_SECRET", "HUBSPOT_CLIENT_SECRET"),
        ("HUBSPOT_APP_SECRET", "HUBSPOT_CLIENT_SECRET"),
    ],
)
def test_what_others_call_a_setting_that_is_missing(name: str, right: str, tmp_path: Path) -> None:
    """It is named beside what is missing; where that is there, in a file too, it is another's."""
    first, *_ = problems(**{right: "", name: "canary"})
    file = tmp_path / "secret"
    file.write_text("a-secret")
    file.chmod(0o600)

    assert first == (
        f"{name} is not a setting; did you mean {right}? "
        f"If it is another program's, set {right} as well."
    )
    assert read(**{name: "x"}) == read()
    if right.endswith("SECRET"):
        assert read(**{right: "", f"{right}_FILE": str(file), name: "x"}) == read()


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("HUBSPOT_CLINET_ID", "HUBSPOT_CLIENT_ID"),
        ("HUBSPOT_CLIENTID", "HUBSPOT_CLIENT_ID"),
        ("HUBSPOTCLIENT_ID", "HUBSPOT_CLIENT_ID"),
        ("HUSBPOT_CLIENT_ID", "HUBSPOT_CLIENT_ID"),
        ("hubspot_client_id", "HUBSPOT_CLIENT_ID"),
        ("HUBSPOT_CLIENT_SECERT", "HUBSPOT_CLIENT_SECRET"),
        ("HUBSPOT_CLIENTS_SECRET", "HUBSPOT_CLIENT_SECRET"),
        ("HUBSPOT_CLEINT_SECRTE", "HUBSPOT_CLIENT_SECRET"),
        ("HUBSPOT_SCOPE", "HUBSPOT_SCOPES"),
        ("HUBSPOT_SOCPES", "HUBSPOT_SCOPES"),
        ("HUBSPOT__SCOPES", "HUBSPOT_SCOPES"),
        ("HUBSPOT_OPTIONAL_SCOPE", "HUBSPOT_OPTIONAL_SCOPES"),
        ("HUBSPOT_OPTINAL_SCOPES", "HUBSPOT_OPTIONAL_SCOPES"),
        ("HUBSPOT_REDIRECT_URL", "HUBSPOT_REDIRECT_URI"),
        ("HUBSPOT_REDIRECTURI", "HUBSPOT_REDIRECT_URI"),
        ("HUBSPOT_REDIRECT_URIS", "HUBSPOT_REDIRECT_URI"),
        ("HUBSPOT_REDRECT_URL", "HUBSPOT_REDIRECT_URI"),
        ("HUBSPOT_PKEC", "HUBSPOT_PKCE"),
        ("HUBSPOT_API_URI", "HUBSPOT_API_URL"),
        ("HUBSPOT_APPURL", "HUBSPOT_APP_URL"),
        ("HUBSPOT_API_VERISON", "HUBSPOT_API_VERSION"),
        ("HUBSPOT_AIP_VERSION", "HUBSPOT_API_VERSION"),
        ("PORTALKY_LABEL", "PORTALKEY_LABEL"),
        ("PORTAL_KEYLABEL", "PORTALKEY_LABEL"),
    ],
)
def test_a_slip_in_a_name(name: str, right: str) -> None:
    """One slip in a word, whatever the underscores, is told with the name that was meant."""
    found = problems(**({right: ""} if right.startswith("HUBSPOT_C") else {}) | {name: "canary"})

    assert found[0] == (
        f"{name} is not a setting; did you mean {right}? "
        f"If it is another program's, set {right} as well."
    )


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "HUBSPOT_ACCESS_TOKEN",
        "HUBSPOT_AI_URL",
        "HUBSPOT_API_BASE_URL",
        "HUBSPOT_API_KEY",
        "HUBSPOT_API_REVISION",
        "HUBSPOT_API_SESSION",
        "HUBSPOT_APP_ID",
        "HUBSPOT_APP_SECRET",
        "HUBSPOT_APP_VERSION",
        "HUBSPOT_CLI_URL",
        "HUBSPOT_CLI_VERSION",
        "HUBSPOT_CLIENT_SECRET_OLD",
        "HUBSPOT_DEVELOPER_API_KEY",
        "HUBSPOT_MCP_CLIENT_ID",
        "HUBSPOT_MCP_CLIENT_SECRET",
        "HUBSPOT_OWNER_ID",
        "HUBSPOT_PORTAL_ID",
        "HUBSPOT_PRIVATE_APP_TOKEN",
        "HUBSPOT_REDIRECT",
        "HUBSPOT_REDIRECT_PATH",
        "HUBSPOT_STORES",
        "HUBSPOT_UI_URL",
        "HUBSPOT_UI_VERSION",
        "HUBSPOT_WEB_URL",
        "HUBSPOT_WEBHOOK_URL",
        "PATH",
        "PORTAL_URL",
        "PORTALKEY_PORT",
        "PORTALKEY_PORT_6001_TCP_ADDR",
        "PORTALKEY_SERVICE_HOST",
        "PORTALKEY_SERVICE_PORT_HTTP",
        "PORTALKEY_TEST_POSTGRES",
    ],
)
def test_a_name_of_another_program(name: str) -> None:
    """What others call their variables is theirs, whether or not what it resembles is set."""
    assert read(**{name: "x"}) == read()


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("HUBSPOT_CLIENT_IDS", "HUBSPOT_CLIENT_ID"),
        ("HUBSPOT_CLIENTS_SECRET", "HUBSPOT_CLIENT_SECRET"),
        ("HUBSPOT_REDIRECT_URL", "HUBSPOT_REDIRECT_URI"),
        ("HUBSPOT_SCOPE", "HUBSPOT_SCOPES"),
    ],
)
def test_a_name_like_one_that_is_set(name: str, like: str) -> None:
    """What it resembles is set, so that nothing of ours can be meant by it."""
    right = {"HUBSPOT_REDIRECT_URI": URI, "HUBSPOT_SCOPES": "oauth"}
    ours = {like: right[like]} if like in right else {}

    assert read(**ours | {name: "x"}).client_id == "client-1"


def test_a_misspelt_name_in_the_file(tmp_path: Path) -> None:
    """The file is looked at like the environment."""
    (tmp_path / "env").write_text("PORTALKEY_KEYZ=x\n")

    with pytest.raises(BadSettings, match="did you mean PORTALKEY_KEYS"):
        Settings.from_env(tmp_path / "env", ENOUGH)
