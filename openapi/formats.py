"""Formats of the contract that several parts have to read alike."""

from ipaddress import ip_address
from typing import Final

UUID: Final = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"  # the 36-character form, as a regular expression


def is_loopback(host: str) -> bool:
    """Whether a host name or address is loopback, and so reached from this machine alone."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
