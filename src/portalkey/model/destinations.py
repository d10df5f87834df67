"""Addresses that a webhook may go to: the operator's own networks, and no cloud's metadata.

What a cloud tells its machines about themselves, credentials among it, answers at link-local and a
few other addresses to whoever asks from inside. Private networks are where many receivers are, and
the address is the operator's own, so those are allowed.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

LOCALHOST = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine, to which plain http may go."""

_METADATA_NAMES = frozenset(
    ("metadata", "metadata.google.internal", "metadata.goog", "instance-data")
)
_METADATA = tuple(
    map(
        ip_network,
        (
            "100.100.100.200/32",  # Alibaba Cloud
            "168.63.129.16/32",  # Azure
            "192.0.0.0/24",  # Oracle Cloud, and protocols (RFC 6890)
            "fd00:42::/32",  # Scaleway
            "fd00:ec2::/32",  # Amazon
            "fd20:ce::/32",  # Google
        ),
    )
)
_THIS_NETWORK = ip_network("0.0.0.0/8")
_NOBODYS = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this network: 0.0.0.0 is this machine to many systems
            "240.0.0.0/4",  # reserved, and broadcast
            "fec0::/10",  # site-local, given up by RFC 3879
        ),
    )
)
"""Addresses that no receiver of today has."""
_WITH_IPV4_LAST = tuple(
    map(
        ip_network,
        (
            "64:ff9b::/96",  # NAT64 (RFC 6052)
            "::ffff:0:0:0/96",  # SIIT (RFC 2765)
            "::/96",  # IPv4-compatible, given up by RFC 4291; ::1 is no such
        ),
    )
)
_LOCAL_NAT64 = ip_network("64:ff9b:1::/48")

Address = IPv4Address | IPv6Address


def is_metadata_name(host: str) -> bool:
    """Return True for a *host*, in lower case, that clouds answer at with metadata."""
    return host in _METADATA_NAMES


def parse_address(host: str) -> Address | None:
    """Return the IP address that *host* is, in its usual spelling; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def may_be_sent_to(address: str, *, is_local: bool) -> bool:
    """Return True where a webhook may go to this IP *address*, as a name was resolved to it.

    Where *is_local*, the host is one of ``LOCALHOST``: then nothing but this machine may be meant,
    and otherwise anything but this machine.
    """
    parsed = parse_address(address)
    if parsed is None:
        return False
    readings = _readings_of(parsed)
    return bool(readings) and all(_may_be_sent_to(each, is_local=is_local) for each in readings)


def _may_be_sent_to(address: Address, *, is_local: bool) -> bool:
    is_reachable = not (address.is_link_local or address.is_multicast or address.is_unspecified)
    is_refused = any(address in network for network in (*_METADATA, *_NOBODYS))
    return is_reachable and not is_refused and address.is_loopback is is_local


def _readings_of(address: Address) -> list[Address]:
    """Return *address*, or each IPv4 address within it that a packet to it may end at."""
    if isinstance(address, IPv4Address) or address.is_loopback:
        return [address]
    if address in _LOCAL_NAT64:
        return _readings_of_local_nat64(int(address))
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and any(address in network for network in _WITH_IPV4_LAST):
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    return [address] if inner is None else [inner]


def _readings_of_local_nat64(number: int) -> list[Address]:
    """Return what *number*, of RFC 8215, leads to by each length of prefix that a network may use.

    A translator pays no heed to what stands behind the IPv4 address, so each may be meant. Zeros,
    which another length leaves there, lead nowhere.
    """
    # RFC 6052: bits 64 to 71 are no part of the IPv4 address, however long the prefix is.
    without = (number >> 64 << 56) | (number & ((1 << 56) - 1))
    by_length = [(without >> 120 - length - 32) & 0xFFFFFFFF for length in (48, 56, 64)]
    found = {IPv4Address(each) for each in (*by_length, number & 0xFFFFFFFF)}
    return [each for each in found if each not in _THIS_NETWORK]
