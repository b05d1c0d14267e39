"""What a token stands for."""

import json
from uuid import UUID

from hivestand.handlers.tenant import tenant_of


def test_ids_are_stable_for_a_token() -> None:
    """The same token gives the same ids, on every worker and every run: the digests do not change."""
    assert tenant_of(b"t") == tenant_of(b"t")
    assert tenant_of(b"t").digest == "916f61c5d3e25f1f58b82cefa3278531"


def test_ids_differ_between_tokens_and_among_themselves() -> None:
    """No two tokens share any of the three ids."""
    ids = [json.loads(b"{" + tenant_of(token).ids + b"}") for token in (b"a", b"b")]
    assert ["org_id", "workspace_id", "project_id"] == list(ids[0])
    assert len({UUID(value) for each in ids for value in each.values()}) == 6


def test_a_tenant_holds_no_token() -> None:
    """Only digests of it."""
    assert "secret" not in repr(tenant_of(b"secret"))
