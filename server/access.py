"""Who may use the admin API: a tenant's token for its own data, the admin for all.

On loopback a client without a token is the admin. As a browser can reach loopback, `Host` must be a local name there,
because a page may have its own name resolve to loopback. A foreign `Origin` is refused, and changes must be declared as
JSON, which a page can send elsewhere only after a preflight that is not granted.
"""

import secrets
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlsplit

from hivestand.handlers.errors import Forbidden, UnsupportedMediaType
from hivestand.handlers.store.plans import ALL_TENANTS
from hivestand.handlers.tenant import Tenant
from hivestand.openapi.formats import is_loopback
from hivestand.server.auth import Keys, token_of
from hivestand.server.http.body import check_media_type
from hivestand.server.settings import Settings

_CHANGES = frozenset({"POST", "PUT", "PATCH"})


class AdminAccess:
    """The checks that the admin API makes of a request."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        """Take the address that the server listens on, the admin token, and the keys that are accepted."""
        self._keys = keys
        self._is_local = is_loopback(settings.host)
        self._admin = sha256(settings.admin_token.encode()).digest() if settings.admin_token else None

    def check(self, method: str, headers: Mapping[bytes, bytes]) -> None:
        """Return if the request may come from this host and page.

        Raises:
            Forbidden: it names a foreign host, or comes from a page of one.
            UnsupportedMediaType: it changes something, and is not declared as JSON.
        """
        host = headers.get(b"host", b"").decode("latin-1")
        if self._is_local and not is_loopback(urlsplit(f"//{host}").hostname or "" if _is_host(host) else ""):
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


def _is_host(host: str) -> bool:
    """Whether a Host header can be parsed."""
    try:
        urlsplit(f"//{host}").port  # noqa: B018 - it raises
    except ValueError:
        return False
    return not set(host) & set("/@?#\\")
