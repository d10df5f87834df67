"""The app's own receiver: where it may be, and what it knows the sender by."""

import base64

import pytest

from portalkey.errors import BadSettings
from portalkey.settings import Settings
from portalkey.settings.webhook import check_secrets, check_url
from portalkey.vault.keyring import new_key

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLDER = "whsec_" + base64.b64encode(bytes(32)).decode()
NEEDED = {
    "client_id": "app",
    "client_secret": "secret",
    "keys": f"a:{new_key().get_secret_value()}",
}


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com/hooks/portalkey",
        "https://app.example.com:8443/hooks?tenant=7",
        "https://app.example.com",
        "https://receiver",
        "https://10.0.0.7/hooks",
        "https://192.168.1.1/hooks",
        "https://[fd12:3456::1]:8443/hooks",
        "http://localhost:5000/hooks",
        "http://127.0.0.1:5000/hooks",
        "http://[::1]:5000/hooks",
        "https://localhost/hooks",
        "",
    ],
)
def test_where_a_receiver_may_be(url: str) -> None:
    """Anywhere over TLS, private networks among it; on this machine without."""
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example.com/hooks",
        "http://10.0.0.7/hooks",
        "ftp://localhost/hooks",
        "https://user:word@app.example.com/",
        "https://app.example.com/#part",
        "https://app.example.com:0/",
        "https://app.example.com:70000/",
        "https://APP.example.com/",
        "https://app.example.com /",
        "https://app.example.com/a b",
        "https:///hooks",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://127.1/",
        "https://017700000001/",
        "https://[fd12:3456:0::1]/",
        "https://app.example.com/" + "a" * 2048,
        "hooks",
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    """Each way of writing that others could read in another way is refused."""
    with pytest.raises(ValueError, match="must be an address"):
        check_url(url)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.170.2",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "metadata.google.internal",
        "metadata.goog",
        "metadata",
        "instance-data",
        "0.0.0.0",  # noqa: S104 - that is what is refused
        "[::]",
        "224.0.0.1",
        "127.0.0.2",
        "[::ffff:127.0.0.1]",
    ],
)
def test_metadata_is_no_receiver(host: str) -> None:
    """Nor is what means no single machine, however it is spelt."""
    with pytest.raises(ValueError, match=r"names an address|must be an address"):
        check_url(f"https://{host}/hooks")


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_c2hvcnQ=",
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_not base64",
        SECRET.removeprefix("whsec_"),
        "whsec_" + "*" * 44,
        " ".join([SECRET] * 6),
    ],
)
def test_a_secret_that_is_none(secret: str) -> None:
    """It is said how to make one, and nothing of it is quoted."""
    with pytest.raises(ValueError, match="openssl rand") as refused:
        check_secrets(secret)

    assert secret not in str(refused.value)


def test_several_secrets_while_one_is_changed() -> None:
    """Between spaces or commas, the newest first."""
    found = check_secrets(f"{SECRET}, {OLDER}")

    assert [each.get_secret_value() for each in found] == [SECRET, OLDER]
    assert check_secrets("") == ()


def test_neither_is_of_use_without_the_other() -> None:
    """A receiver that knows nobody by nothing would take anything."""
    url = "https://app.example.com/hooks?token=canary"
    with pytest.raises(BadSettings, match="PORTALKEY_WEBHOOK_URL needs PORTALKEY_WEBHOOK_SECRET"):
        Settings(**NEEDED, webhook_url=url)
    with pytest.raises(BadSettings, match="is of no use without PORTALKEY_WEBHOOK_URL"):
        Settings(**NEEDED, webhook_secrets=SECRET)

    settings = Settings(**NEEDED, webhook_url=url, webhook_secrets=SECRET)
    assert "canary" not in repr(settings)
    assert SECRET not in repr(settings)


def test_the_secret_may_be_in_a_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """As orchestrators hand it over; both forms at once are refused."""
    file = tmp_path_factory.mktemp("secrets") / "webhook"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    names = {
        "HUBSPOT_CLIENT_ID": "app",
        "HUBSPOT_CLIENT_SECRET": "secret",
        "PORTALKEY_KEYS": NEEDED["keys"],
        "PORTALKEY_WEBHOOK_URL": "https://app.example.com/hooks",
        "PORTALKEY_WEBHOOK_SECRET_FILE": str(file),
    }
    settings = Settings.from_env(None, names)

    assert [each.get_secret_value() for each in settings.webhook_secrets] == [SECRET]
    with pytest.raises(BadSettings, match="both set"):
        Settings.from_env(None, {**names, "PORTALKEY_WEBHOOK_SECRET": SECRET})
