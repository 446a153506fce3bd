"""Where a member asks from, as digests: the device that the mall vouches for, and the range of addresses.

What is counted must not tell who somebody is: digests are keyed, so that nobody can try all addresses without the key.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

DIGEST_BYTES = 16
RANGE_V4 = 24
RANGE_V6 = 56
HOSTS_KEPT = 50_000


class Whereabouts:
    def __init__(self, key: bytes) -> None:
        self._key = key
        self.network = lru_cache(maxsize=HOSTS_KEPT)(self._network)

    def device(self, mall: str, said: str | None) -> str:
        """The digest of a device as its mall calls it; "" when the mall says nothing of one."""
        return self._digest(f"device\0{mall}\0{said}") if said else ""

    def _network(self, host: str | None) -> str:
        """The digest of the range that an address lies in; "" for what is no address, as of a local socket."""
        try:
            address = ip_address((host or "").partition("%")[0])
        except ValueError:
            return ""
        return self._digest(f"network\0{range_of(address)}")

    def _digest(self, text: str) -> str:
        whole = hmac.digest(self._key, text.encode(), "sha256")
        return urlsafe_b64encode(whole[:DIGEST_BYTES]).rstrip(b"=").decode()


def range_of(address: IPv4Address | IPv6Address) -> str:
    """The range that is counted as one: what one household or one hosting machine is usually given."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return range_of(address.ipv4_mapped)
        return str(ip_network((address, RANGE_V6), strict=False))
    return str(ip_network((address, RANGE_V4), strict=False))
