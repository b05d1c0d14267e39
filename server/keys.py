"""A file of keys: which tokens are accepted, whose they are, and what they may do.

The file is TOML, a line for each tenant with its keys:

    acme = ["hh_0123456789abcdef", "hh_ingst_…"]

A key that begins with `hh_ingst_` is an ingestion key: it may write and not read.
"""

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hivestand.handlers.errors import Forbidden
from hivestand.handlers.tenant import Tenant, tenant_of
from hivestand.server.auth import BAD_TOKEN, authenticate, refused, token_of

INGESTION: Final = b"hh_ingst_"


class Keys:
    """Who a bearer token is, and whether it may read; without a file any token is accepted and may."""

    def __init__(self, tenants: Mapping[bytes, Tenant] | None = None) -> None:
        """Accept the keys whose digests these are, or any."""
        self._tenants = tenants

    def authenticate(self, authorization: bytes | None) -> Tenant:
        """The tenant whose token the `Authorization` header carries.

        Raises:
            Unauthorized: there is no bearer token, or it is not accepted.
        """
        if self._tenants is None:
            return authenticate(authorization)
        tenant = self._tenants.get(sha256(token_of(authorization)).digest())
        if tenant is None:
            raise refused()
        return tenant

    def check_read(self, authorization: bytes | None) -> None:
        """Return if the token may read.

        Raises:
            Forbidden: it may write alone.
            Unauthorized: there is none.
        """
        if self._tenants is not None and token_of(authorization).startswith(INGESTION):
            raise Forbidden("This key may write and not read")


def read_keys(path: Path) -> Keys:
    """The keys in a file.

    Raises:
        ValueError: it is no file of keys; the message is one line.
    """
    try:
        return Keys(_tenants(tomllib.loads(path.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def _tenants(names: Mapping[str, Any]) -> Mapping[bytes, Tenant]:
    if not names:
        raise ValueError("it has no tenant")
    tenants: dict[bytes, Tenant] = {}
    for name, keys in names.items():
        if not isinstance(keys, list) or not keys or not all(_is_key(key) for key in keys):
            raise ValueError(f"the tenant {name!r} needs a list of keys, each a word of ASCII other than 'invalid'")
        for key in keys:
            digest = sha256(key.encode()).digest()
            if digest in tenants:
                raise ValueError(f"a key of the tenant {name!r} is there twice")
            tenants[digest] = tenant_of(sha256(name.encode()).digest())
    return tenants


def _is_key(key: Any) -> bool:
    return isinstance(key, str) and key.isascii() and len(key.split()) == 1 and key.strip() == key != BAD_TOKEN.decode()
