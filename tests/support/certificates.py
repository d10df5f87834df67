"""Certificates that tests make themselves, and the server's side of TLS with them."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID


def certificate(host: str, folder: Path, *, days: int = 1, signer: Path | None = None) -> Path:
    """A certificate of *host* with its key: self-signed, or by the one in *signer*."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    issuer, signing_key = _load(signer) if signer else (name, key)
    now = datetime.now(UTC)
    ours = x509.SubjectAlternativeName(
        [x509.DNSName(host), x509.IPAddress(IPv4Address("10.0.0.1"))]
    )
    signed = (
        x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(ours, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(signing_key, SHA256())
    )
    pem = serialization.Encoding.PEM
    path = folder / f"{host}{days}.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(pem)
    )
    return path


def _load(path: Path) -> tuple[x509.Name, ec.EllipticCurvePrivateKey]:
    content = path.read_bytes()
    key = serialization.load_pem_private_key(content, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate(content).subject, key


def serves(path: Path) -> ssl.SSLContext:
    """A server's side of TLS with the certificate in *path*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
