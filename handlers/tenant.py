"""A tenant: what a token stands for. Each token is an isolated tenant."""

import uuid
from hashlib import blake2b
from typing import NamedTuple

_ID_NAMES = ("org_id", "workspace_id", "project_id")


class Tenant(NamedTuple):
    """A digest that separates tenants, and the ids that all events of the tenant show.

    `ids` is the JSON text of the members `org_id`, `workspace_id` and `project_id`, without braces: the same for every
    event of the tenant, so it is made once and never stored.
    """

    digest: str
    ids: bytes


def tenant_of(token: bytes) -> Tenant:
    """The tenant of a token, the same in every call, worker and run.

    It holds only digests of the token, so that stores and logs never hold a token.
    """
    ids = ((name, uuid.UUID(bytes=_digest(token, name), version=4)) for name in _ID_NAMES)
    return Tenant(_digest(token, "tenant").hex(), ",".join(f'"{name}":"{value}"' for name, value in ids).encode())


def _digest(token: bytes, purpose: str) -> bytes:
    return blake2b(token, digest_size=16, person=purpose.encode()).digest()
