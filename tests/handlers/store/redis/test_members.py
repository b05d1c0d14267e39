"""The members of an index in Redis."""

from hashlib import blake2b
from itertools import count

import pytest
from operation import TENANT, call, names
from support import SESSION_ID

from hivestand.handlers.store.protocol import StoreOptions
from hivestand.handlers.store.redis.events import RedisStore
from hivestand.handlers.store.redis.members import DIGEST, digest
from hivestand.handlers.store.redis.totals import EARLY, ENDS


def like(beginning: bytes) -> str:
    """A name whose plain digest begins so."""
    return next(
        name
        for name in map(str, count())
        if blake2b(name.encode(), digest_size=DIGEST, person=b"event_name").digest().startswith(beginning)
    )


@pytest.mark.parametrize("beginning", [EARLY, ENDS])
def test_no_digest_looks_like_a_member_of_the_totals(beginning: bytes) -> None:
    """One in 65,536 plain digests does."""
    assert digest("event_name", like(beginning))[0]
    assert DIGEST == len(digest("event_name", like(beginning)))


@pytest.mark.anyio
@pytest.mark.parametrize("beginning", [EARLY, ENDS])
async def test_events_of_every_name_are_found(redis_url: str, beginning: bytes) -> None:
    """Whatever the digest of the name; and so are their sessions, with what they add up to."""
    store = RedisStore(redis_url, StoreOptions())
    try:
        name = like(beginning)
        await call(store, "createSession", {"session_id": SESSION_ID, "event_name": name})
        sent = {"session_id": SESSION_ID, "event_type": "tool", "event_name": name, "inputs": {}}
        await call(store, "createEvent", sent)
        assert [name, name] == await names(store)
        (totals,) = await store.totals(TENANT, [SESSION_ID])
        assert totals is not None
        assert 1 == totals.events
    finally:
        await store.reset(TENANT)
        await store.close()
