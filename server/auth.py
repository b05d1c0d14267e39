"""Bearer token to tenant (RFC 6750; RFC 9110, 11), and the file of keys that says which tokens are accepted.

Without a file any token but `invalid` is accepted. The file is TOML, a line for each tenant with its keys:

    acme = ["hh_0123456789abcdef", "hh_ingst_…"]

A key that begins with `hh_ingst_` is an ingestion key: it may write and not read.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hivestand.handlers.errors import Forbidden, Unauthorized
from hivestand.handlers.tenant import Tenant, tenant_of

BAD_TOKEN: Final = b"invalid"  # always refused, so that a client can try its 401 path
INGESTION: Final = b"hh_ingst_"
_PLAIN: Final = re.compile(rb"Bearer ([!-~]+)")  # as nearly all are written
_MAX_REMEMBERED: Final = 4096  # tenants whose ids are cached


class Keys:
    """Which tokens are accepted, whose they are, and what they may do."""

    def __init__(self, tenants: Mapping[bytes, Tenant] | None = None) -> None:
        """Accept the keys with these SHA-256 digests; None accepts any token."""
        self._tenants = tenants

    def authenticate(self, authorization: bytes | None, *, needs_read: bool = False) -> Tenant:
        """The tenant whose token an `Authorization` header carries.

        Raises:
            Unauthorized: there is no bearer token, or it is not accepted.
            Forbidden: it may write and not read, where reading is needed.
        """
        token = token_of(authorization)
        digest = sha256(token).digest()
        if self._tenants is None:
            tenant = None if token == BAD_TOKEN else _tenant_of(digest)
        else:
            tenant = self._tenants.get(digest)
        if tenant is None:
            raise _refused()
        if needs_read and token.startswith(INGESTION):
            raise Forbidden("This key may write and not read")
        return tenant


def authenticate(authorization: bytes | None) -> Tenant:
    """The tenant of an `Authorization` header where any token is accepted.

    Raises:
        Unauthorized: there is no bearer token, or it is the bad one.
    """
    return _ANY_TOKEN.authenticate(authorization)


def token_of(authorization: bytes | None) -> bytes:
    """The bearer token in an `Authorization` header.

    Raises:
        Unauthorized: there is none, or more than one word.
    """
    if plain := _PLAIN.fullmatch(authorization or b""):
        return plain[1]
    scheme, _, token = (authorization or b"").strip().partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token:
        raise Unauthorized("Missing bearer token", headers={"WWW-Authenticate": "Bearer"})
    if len(token.split()) > 1:
        raise _refused()
    return token


def read_keys(path: Path) -> Keys:
    """The keys in a file.

    Raises:
        ValueError: it is no file of keys; the message is one line.
    """
    try:
        return Keys(_tenants_in(tomllib.loads(path.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def _tenants_in(names: Mapping[str, Any]) -> Mapping[bytes, Tenant]:
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


def _refused() -> Unauthorized:
    return Unauthorized("Invalid bearer token", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


@lru_cache(maxsize=_MAX_REMEMBERED)
def _tenant_of(digest: bytes) -> Tenant:
    """The tenant of a token's SHA-256 digest, remembered by that, so that no token stays in memory."""
    return tenant_of(digest)


_ANY_TOKEN: Final = Keys()
