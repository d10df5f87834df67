"""Whom the connection to HubSpot trusts."""

import ssl
from pathlib import Path

import pytest
import truststore

from portalkey.hubspot.authorities import system_context

SYSTEM = ssl.get_default_verify_paths()


def paths(file: Path, directory: Path) -> ssl.DefaultVerifyPaths:
    """What a Python says that was built to look there."""
    return SYSTEM._replace(openssl_cafile=str(file), openssl_capath=str(directory))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A file with one authority in it."""
    (found,) = ssl.create_default_context().get_ca_certs(binary_form=True)[:1]
    file = tmp_path / "bundle.pem"
    file.write_text(ssl.DER_cert_to_PEM_cert(found))
    return file


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_chain_and_name_are_verified(platform: str) -> None:
    """Whoever keeps the authorities, none is trusted unseen."""
    context = system_context(platform=platform)

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_the_system_is_asked_where_it_keeps_them_itself(platform: str) -> None:
    """Windows and macOS have no file of authorities."""
    assert isinstance(system_context(platform=platform), truststore.SSLContext)


def test_the_file_that_python_was_built_for(bundle: Path, tmp_path: Path) -> None:
    """It is taken, and no other beside it."""
    context = system_context(platform="linux", paths=paths(bundle, tmp_path / "none"))

    assert context.cert_store_stats()["x509_ca"] == 1


def test_a_directory_is_taken_where_openssl_can_read_it(bundle: Path, tmp_path: Path) -> None:
    """One without hashed names would hide the usual files, and lead to nobody."""
    directory = tmp_path / "certs"
    directory.mkdir()
    built_for = paths(tmp_path / "none", directory)

    empty = system_context(platform="linux", paths=built_for, usual=[str(bundle)])
    (directory / "0123abcd.0").touch()
    full = system_context(platform="linux", paths=built_for, usual=[str(bundle)])

    assert empty.cert_store_stats()["x509_ca"] == 1
    assert full.cert_store_stats()["x509_ca"] == 0  # OpenSSL looks into it when it needs to


def test_nothing_to_trust_is_nobody_trusted(tmp_path: Path) -> None:
    """It fails closed."""
    nowhere = paths(tmp_path / "none", tmp_path / "none")
    context = system_context(platform="linux", paths=nowhere, usual=[])

    assert context.cert_store_stats()["x509_ca"] == 0
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_the_keys_of_a_connection_are_not_written_down() -> None:
    """``SSLKEYLOGFILE`` is heeded by Python's own default context, and not here."""
    assert system_context(platform="linux").keylog_filename is None
