"""Addresses that a webhook may go to, however an IPv4 address is written into one of IPv6."""

import pytest

from portalkey.model.destinations import may_be_sent_to

METADATA = "169.254.169.254"


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.7", "192.168.1.2", "100.64.0.1", "93.184.216.34", "fd00::1", "2606:4700::1"),
        *("::ffff:10.0.0.7", "64:ff9b::10.0.0.7", "2002:a00:7::1"),
        *("64:ff9b:1::10.0.0.7", "64:ff9b:1:a00:0:700::", "64:ff9b:1:0a:0:700::"),
        "64:ff9b:1:0:a:7:700:0",
    ],
)
def test_a_receiver_may_be_anywhere(address: str) -> None:
    """In a private network as well as behind a translator."""
    assert may_be_sent_to(address, is_local=False)
    assert not may_be_sent_to(address, is_local=True)


@pytest.mark.parametrize(
    "address",
    [
        *(METADATA, "168.63.129.16", "192.0.0.192", "100.100.100.200"),
        *("fd00:ec2::254", "fd00:ec2::254%eth0", "fd20:ce::254", "fd00:42::42"),
        *("0.0.0.0", "0.1.2.3", "255.255.255.255", "240.0.0.1", "224.0.0.1"),  # noqa: S104 - refused
        *("::", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
        *(f"::ffff:{METADATA}", f"::{METADATA}", f"::ffff:0:{METADATA}", f"64:ff9b::{METADATA}"),
        *("2002:a9fe:a9fe::1", "2001:0:0:0:0:0:5601:5601"),
        *(f"64:ff9b:1::{METADATA}", "64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:a9:fe:a9fe::"),
        *("64:ff9b:1:0:a9:fea9:fe00:0", "64:ff9b:1:a9fe:a9:fe00:808:808", "64:ff9b:1::"),
        *("metadata", "1.2.3", ""),
    ],
)
def test_what_no_receiver_is_at(address: str) -> None:
    """Metadata of clouds, link-local and reserved addresses, however they are written."""
    assert not may_be_sent_to(address, is_local=False)
    assert not may_be_sent_to(address, is_local=True)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b:1::127.0.0.1", "64:ff9b:1:7f00:0:100::"],
)
def test_this_machine_is_meant_by_its_name_only(address: str) -> None:
    """A name that leads to it is none of a receiver's, unless it is ``localhost``."""
    assert may_be_sent_to(address, is_local=True)
    assert not may_be_sent_to(address, is_local=False)
