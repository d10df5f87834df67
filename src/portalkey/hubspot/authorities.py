"""TLS that trusts the system's authorities and nobody else's.

``ssl.create_default_context()`` would also trust what ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` name,
and write the keys of each connection into the file that ``SSLKEYLOGFILE`` names: whoever sets a
variable of the environment for another program would read client secrets. A bundle of our own would
not know the authorities that an operator added to the system.
"""

import re
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

from portalkey.errors import BadSettings

NAME = "PORTALKEY_CA_FILE"
"""The setting that names a file of authorities."""
CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----", re.ASCII
)
"""A certificate in PEM form (RFC 7468 section 5)."""
_NO_AUTHORITY = (
    "names a file that no authority can be read from; put certificates in PEM form there"
)

# Where Linux distributions keep their bundle, for a Python whose own paths lead nowhere.
_USUAL_FILES = (
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)
# How OpenSSL finds an authority in a directory: by the hash of its name.
_HASHED = re.compile(r"[0-9a-fA-F]{8}\.[0-9]+")


def read_authorities(file: Path | None) -> str:
    """Return the certificates in *file*, without whatever stands between them; none without it.

    Raises:
        BadSettings: It cannot be read, or has no certificate, or one that is none.
    """
    if file is None:
        return ""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
        authorities = "\n".join(CERTIFICATE.findall(text))
        # Without one it says so, too.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=authorities)
    except (OSError, ValueError):  # of the former kind are those of TLS
        raise BadSettings([f"{NAME} {_NO_AUTHORITY}."]) from None
    return authorities


def system_context(
    authorities: str = "",
    *,
    platform: str = sys.platform,
    paths: ssl.DefaultVerifyPaths | None = None,
    usual: Sequence[str] = _USUAL_FILES,
) -> ssl.SSLContext:
    """Return a context that verifies chain and name by the system's authorities.

    Args:
        authorities: Certificates in PEM form that are trusted beside them.
        platform: Windows and macOS are asked themselves; elsewhere authorities lie in files.
        paths: Where OpenSSL was told to look when it was built.
        usual: The files to look for where there is nothing.
    """
    if platform in {"win32", "darwin"}:
        import truststore  # noqa: PLC0415 - of no use elsewhere, and so not required there

        return _add(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT), authorities)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    file, directory = _authorities(paths or ssl.get_default_verify_paths(), usual)
    if file or directory:
        context.load_verify_locations(file, directory)
    return _add(context, authorities)


def _add(context: ssl.SSLContext, authorities: str) -> ssl.SSLContext:
    if authorities:
        context.load_verify_locations(cadata=authorities)
        # Often the one that is handed out is no root.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _authorities(
    paths: ssl.DefaultVerifyPaths, usual: Sequence[str]
) -> tuple[str | None, str | None]:
    # The compiled-in names: *cafile* and *capath* beside them heed the environment.
    file = paths.openssl_cafile if Path(paths.openssl_cafile).is_file() else None
    directory = paths.openssl_capath if _is_hashed(Path(paths.openssl_capath)) else None
    if not file and not directory:
        file = next((each for each in usual if Path(each).is_file()), None)
    return file, directory


def _is_hashed(directory: Path) -> bool:
    return directory.is_dir() and any(_HASHED.fullmatch(each.name) for each in directory.iterdir())
