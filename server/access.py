"""Who may use the control API: a tenant's token for what is its own, the admin for all.

On loopback whoever has no token is the admin. As a browser can reach loopback, `Host` has to be a local name there, as
a page may have its own name lead to loopback; a foreign `Origin` is refused, and changes have to be declared as JSON,
which a page can send elsewhere only after a preflight that is not granted.
"""

import secrets
from collections.abc import Mapping
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import urlsplit

from hivestand.handlers.errors import Forbidden, UnsupportedMediaType
from hivestand.handlers.store.plans import ALL_TENANTS
from hivestand.handlers.tenant import Tenant
from hivestand.server.auth import Keys, token_of
from hivestand.server.http.body import check_media_type
from hivestand.server.settings import Settings

_CHANGES = frozenset({"POST", "PUT", "PATCH"})


class AdminAccess:
    """What the control API asks of a request."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        """Take the address that is listened on, the admin's token, and the keys that are accepted."""
        self._keys = keys
        self._is_local = is_local(settings.host)
        self._admin = sha256(settings.admin_token.encode()).digest() if settings.admin_token else None

    def check(self, method: str, headers: Mapping[bytes, bytes]) -> None:
        """Return if the request may come from who sends it.

        Raises:
            Forbidden: it names a foreign host, or comes from a page of one.
            UnsupportedMediaType: it changes something, and is not declared as JSON.
        """
        host = headers.get(b"host", b"").decode("latin-1")
        if self._is_local and not is_local(urlsplit(f"//{host}").hostname or "" if _is_host(host) else ""):
            raise Forbidden("Host must be a local name or address")
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").partition("://")[2].lower() != host.lower():
            raise Forbidden("Origin must be this server")
        if method in _CHANGES:
            if b"content-type" not in headers:
                raise UnsupportedMediaType(
                    "Content-Type must be application/json", headers={"Accept": "application/json"}
                )
            check_media_type(headers)

    def authenticate(self, authorization: bytes | None) -> Tenant:
        """The tenant that asks; `ALL_TENANTS` for the admin.

        Raises:
            Unauthorized: there is no token though one is needed, or it is not accepted.
            Forbidden: it may not read.
        """
        if authorization is None and self._is_local and self._admin is None:
            return ALL_TENANTS
        if self._admin is not None and secrets.compare_digest(sha256(token_of(authorization)).digest(), self._admin):
            return ALL_TENANTS
        return self._keys.authenticate(authorization, needs_read=True)


def is_local(host: str) -> bool:
    """Whether a host leads to loopback and nowhere else."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    """Whether it can be read as a host at all."""
    try:
        urlsplit(f"//{host}").port  # noqa: B018 - it raises
    except ValueError:
        return False
    return not set(host) & set("/@?#\\")
