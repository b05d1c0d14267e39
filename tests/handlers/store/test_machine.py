"""Both stores and a plain dict, driven through the same random interleavings: they never differ."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from support import StoppedClock, entry

from hivestand.handlers.event.encoding import encode, text
from hivestand.handlers.event.normalise import normalise_session
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.store.schemes import store_for
from hivestand.handlers.tenant import Tenant, tenant_of

TENANTS = [tenant_of(b"a"), tenant_of(b"b")]
IDS = [f"0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d1{number}" for number in range(3)]

texts = st.text(st.characters(codec="utf-8"), max_size=5)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
objects = st.dictionaries(st.sampled_from(["", "a", "b", "m", "u"]) | texts, values, max_size=4)
sessions = st.fixed_dictionaries(
    {},
    optional={
        "event_name": texts,
        "duration": leaves,
        "outputs": objects,
        "metadata": objects | leaves,
        "user_properties": objects | leaves,
    },
)


class Stores(RuleBasedStateMachine):
    """Creates, merges and reads of two tenants' sessions."""

    stores: list[Store]
    runner: asyncio.Runner

    def __init__(self) -> None:
        """Start with empty stores and an empty model."""
        super().__init__()
        self.model: dict[tuple[Tenant, str], dict[str, Any]] = {}

    @rule(tenant=st.sampled_from(TENANTS), session_id=st.sampled_from(IDS), sent=sessions)
    def post(self, tenant: Tenant, session_id: str, sent: dict[str, Any]) -> None:
        """Create the session or merge into it."""
        event, _ = normalise_session({**sent, "session_id": session_id}, StoppedClock())
        there = self.model.get((tenant, session_id))
        if there is None:
            expected: dict[str, Any] = {**event, **json.loads(b"{" + tenant.ids + b"}")}
        else:
            merged = {name: {**there[name], **event[name]} for name in ("metadata", "user_properties")}
            expected = {**there, **merged}
        self.model[tenant, session_id] = expected
        for store in self.stores:
            response = self.runner.run(store.create_or_merge(tenant, entry(session_id), encode(event)))
            assert _exact(expected) == _exact(json.loads(text(response, tenant)))

    @rule(tenant=st.sampled_from(TENANTS), session_id=st.sampled_from(IDS))
    def read(self, tenant: Tenant, session_id: str) -> None:
        """Read the session, which may not be there."""
        expected = self.model.get((tenant, session_id))
        for store in self.stores:
            response = self.runner.run(store.read(tenant, session_id))
            assert _exact(expected) == (None if response is None else _exact(json.loads(text(response, tenant))))


def _exact(value: Any) -> Any:
    """Comparable by type too: 1 is not 1.0 and 0.0 is not -0.0, but the order of keys does not count."""
    return None if value is None else json.dumps(value, sort_keys=True)


@pytest.fixture
def machine(redis_url: str) -> Iterator[type[Stores]]:
    """The machine on one event loop, with both stores emptied before each run."""
    with asyncio.Runner() as runner, redis.Redis.from_url(redis_url) as client:
        redis_store = store_for(redis_url)

        class Emptied(Stores):
            def __init__(self) -> None:
                super().__init__()
                client.flushall()
                self.runner = runner
                self.stores = [store_for("memory://"), redis_store]

        yield Emptied
        runner.run(redis_store.close())


def test_stores_and_model_never_differ(machine: type[Stores]) -> None:
    """Over random creates, merges and reads, each response and each stored event is that of a plain dict."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
