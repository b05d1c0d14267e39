"""Bearer token to tenant (RFC 6750, RFC 9110 section 11)."""

from functools import lru_cache
from hashlib import sha256

from hivestand.handlers.errors import Unauthorized
from hivestand.handlers.tenant import Tenant, tenant_of

BAD_TOKEN = b"invalid"  # always refused, so that a client can try its 401 path
_TENANTS = 4096  # how many tenants are remembered; any other is worked out again


def authenticate(authorization: bytes | None) -> Tenant:
    """The tenant whose token the `Authorization` header carries; any token but the bad one is accepted.

    Raises:
        Unauthorized: there is no bearer token, or it is the bad one.
    """
    token = token_of(authorization)
    if token == BAD_TOKEN:
        raise refused()
    return _tenants(sha256(token).digest())


def token_of(authorization: bytes | None) -> bytes:
    """The bearer token in an `Authorization` header.

    Raises:
        Unauthorized: there is none.
    """
    scheme, _, token = (authorization or b"").strip().partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token:
        raise Unauthorized("Missing bearer token", headers={"WWW-Authenticate": "Bearer"})
    if len(token.split()) > 1:
        raise refused()
    return token


def refused() -> Unauthorized:
    """The error for a token that is not accepted."""
    return Unauthorized("Invalid bearer token", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


@lru_cache(maxsize=_TENANTS)
def _tenants(digest: bytes) -> Tenant:
    """Remember tenants by a digest, so that no token stays in memory."""
    return tenant_of(digest)
