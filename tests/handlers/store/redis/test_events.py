"""What the Redis store has of its own; the rest is `test_store.py`."""

import asyncio
import socket
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from operation import TENANT as CALLER
from operation import call
from redis_servers import redis_running, wait_until
from support import accepting, entry, event_key, id_of, index_key, totals_key

from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import Selection
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.handlers.store.redis import events
from hivestand.handlers.store.redis.events import CHECKED_SECONDS, RedisStore
from hivestand.handlers.store.redis.members import digest
from hivestand.handlers.store.redis.transport.client import Script
from hivestand.handlers.store.tenants import MAX_TENANTS
from hivestand.handlers.tenant import tenant_of

TENANT = tenant_of(b"a")
ID = id_of("id")
ENTRY = entry(ID)
EVENT = EncodedEvent(b"{}", {b'm"a"': b"1"})
DEFAULT = StoreOptions()

pytestmark = pytest.mark.anyio


async def test_an_option_in_the_url_does_not_change_what_is_stored(redis_url: str, redis_client: redis.Redis) -> None:
    """Replies stay bytes, whatever redis-py is told to make of them."""
    store = RedisStore(f"{redis_url}?decode_responses=yes&protocol=2", DEFAULT)
    await store.check()
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    assert EVENT == await store.create_or_merge(TENANT, ENTRY, EVENT) == await store.read(TENANT, ID)
    await store.close()


async def test_an_event_is_one_hash_and_three_members_of_an_index(redis_url: str, redis_client: redis.Redis) -> None:
    """Named by a digest of the tenant; as it was created in one field, what was merged since in fields of its own."""
    store = RedisStore(redis_url, DEFAULT)
    began = redis_client.time()
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    await store.create_or_merge(TENANT, ENTRY, EncodedEvent(b"", {b'm"b"': b"2"}))
    key, index = event_key(TENANT, ID), index_key(TENANT, ID)
    keys = {key.encode(), index.encode(), totals_key(TENANT, ID).encode()}
    assert keys == set(redis_client.keys(f"*{TENANT.digest}*"))
    fields: dict[bytes, bytes] = dict(redis_client.hgetall(key))  # type: ignore[arg-type] # bytes, as it was connected
    created = b"\x02\0\0\0{}" + b'\x04\0\0\0m"a"' + b"\x01\0\0\x001"
    place = fields.pop(b"i")
    assert {b"e": created, b'm"b"': b"2", b"s": b"24"} == fields
    digests = {digest("session_id", ID), digest("event_type", "session"), digest("event_name", "unknown")}
    assert digests == {place[at : at + 12] for at in (0, 12, 24)}
    start_time, arrival = int.from_bytes(place[36:44], "big") - 2**63, int.from_bytes(place[44:], "big")
    assert ENTRY.start_time == start_time
    assert began[0] * 1_000_000 + began[1] <= arrival < began[0] * 1_000_000 + 60_000_000
    members = {each + place[36:] + uuid.UUID(ID).bytes for each in digests}
    assert members == set(redis_client.zrange(index, 0, -1))
    await store.close()


async def test_every_write_has_an_offset_that_replicas_can_be_asked_for(
    redis_url: str, redis_client: redis.Redis
) -> None:
    """A merge of nothing too, as the event may have come down another connection a moment before."""
    store = RedisStore(redis_url, DEFAULT)
    redis_client.replicaof("no", "one")
    offsets = []
    for _ in range(3):
        await store.create_or_merge(TENANT, ENTRY, EncodedEvent(b"{}", {}))
        offsets.append(redis_client.info("persistence")["rdb_changes_since_last_save"])
    assert offsets == sorted(set(offsets))
    await store.close()


async def test_a_reset_that_fails_does_not_run_on_behind_its_answer(redis_url: str, redis_client: redis.Redis) -> None:
    """What is acknowledged after it stays, so all of it has ended by then."""
    store = RedisStore(redis_url, DEFAULT)
    client = store._client  # noqa: SLF001 - one bucket of a real Redis cannot be made to fail alone
    read, ended = client.read, []

    async def fail_first(key: str, command: tuple[object, ...]) -> object:
        if key == index_key(TENANT, ID):
            raise StoreUnavailable
        await asyncio.sleep(0.1)
        ended.append(key)
        return await read(key, command)

    client.read = fail_first  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await store.reset(TENANT)
    assert 31 == len({key.removesuffix(":expiries").removesuffix(":totals") for key in ended})
    await store.close()


async def test_a_store_that_goes_away_in_the_middle_says_how_many_it_has(
    redis_url: str, redis_client: redis.Redis
) -> None:
    """Those of the buckets that were written; none at all is a failure."""
    store = RedisStore(redis_url, DEFAULT)
    client = store._client  # noqa: SLF001 - one bucket of a real Redis cannot be made to fail alone
    run, away = client.run, {index_key(TENANT, ID)}

    async def fail(script: Script, keys: Sequence[str], *arguments: object, **options: Any) -> object:
        if keys[0] in away:
            raise StoreUnavailable
        return await run(script, keys, *arguments, **options)

    client.run = fail  # type: ignore[method-assign]
    ids = [id_of(str(number)) for number in range(200)]
    stored = [event_id for event_id in ids if index_key(TENANT, event_id) not in away]
    each = [(entry(event_id), EVENT) for event_id in ids]
    assert (len(stored), set()) == await store.create_or_merge_each(TENANT, each)
    assert set(stored) == {found.event_id for found in await store.find(TENANT, Selection(), 200)}
    with pytest.raises(StoreUnavailable):
        await store.create_or_merge_each(TENANT, [(ENTRY, EVENT)])
    await store.close()


async def test_every_key_begins_with_the_prefix(redis_url: str, redis_client: redis.Redis) -> None:
    """So that several deployments can share a Redis, and know nothing of each other."""
    ours, theirs = RedisStore(redis_url, StoreOptions(prefix="ours")), RedisStore(redis_url, StoreOptions(prefix="o"))
    await ours.create_or_merge(TENANT, ENTRY, EVENT)
    assert sorted(redis_client.keys("ours:*")) == sorted(redis_client.keys(f"*{TENANT.digest}*")) != []
    assert await theirs.read(TENANT, ID) is None
    await theirs.reset(TENANT)
    assert EVENT == await ours.read(TENANT, ID)
    await ours.close()
    await theirs.close()


@pytest.mark.parametrize("prefix", ["{a}", "a{", "}"])
async def test_a_prefix_cannot_hold_a_brace(prefix: str) -> None:
    """It would move the hash tag, and with it an event away from its index."""
    with pytest.raises(ValueError, match="brace"):
        RedisStore("redis://127.0.0.1:1", StoreOptions(prefix=prefix))


async def test_a_flushed_script_is_loaded_again(redis_url: str, redis_client: redis.Redis) -> None:
    """NOSCRIPT is no error of the client's."""
    store = RedisStore(redis_url, DEFAULT)
    await store.create_or_merge(TENANT, entry(id_of("1")), EVENT)
    redis_client.script_flush()
    assert EVENT == await store.create_or_merge(TENANT, entry(id_of("2")), EVENT)
    await store.close()


async def test_more_members_than_a_command_has_arguments(redis_url: str, redis_client: redis.Redis) -> None:
    """Lua unpacks some 8,000 at a time; an event may hold more keys and values than that."""
    store = RedisStore(redis_url, StoreOptions(timeout=60))
    many = EncodedEvent(b"{}", {b'm"%d"' % number: b"1" for number in range(49_000)})
    await store.create_or_merge(TENANT, ENTRY, EncodedEvent(b"{}", {}))
    assert many == await store.create_or_merge(TENANT, ENTRY, many)
    assert 49_003 == redis_client.hlen(event_key(TENANT, ID))
    await store.close()


async def test_a_lost_connection_is_made_anew(redis_url: str, redis_client: redis.Redis) -> None:
    """A pooled connection that the server dropped costs no request."""
    store = RedisStore(redis_url, DEFAULT)
    await store.check()
    redis_client.client_kill_filter(_type="normal", skipme=True)
    assert EVENT == await store.create_or_merge(TENANT, ENTRY, EVENT)
    await store.close()


async def test_whatever_redis_refuses_is_unavailability(redis_url: str, redis_client: redis.Redis) -> None:
    """A full memory, a read-only replica or a key of another type: the store is not available."""
    store = RedisStore(redis_url, DEFAULT)
    redis_client.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreUnavailable):
            await store.create_or_merge(TENANT, ENTRY, EVENT)
    finally:
        redis_client.config_set("maxmemory", "0")
    assert EVENT == await store.create_or_merge(TENANT, ENTRY, EVENT)
    await store.close()


async def test_an_absent_server_is_unavailability() -> None:
    """Opening, checking, reading and writing all say so."""
    store = RedisStore("redis://127.0.0.1:1", DEFAULT)
    with pytest.raises(StoreUnavailable):
        await store.check()
    with pytest.raises(StoreUnavailable):
        await store.check()
    with pytest.raises(StoreUnavailable):
        await store.read(TENANT, ID)
    with pytest.raises(StoreUnavailable):
        await store.create_or_merge(TENANT, ENTRY, EVENT)
    await store.close()


async def test_an_event_is_seen_whole_or_not_at_all(redis_url: str, redis_client: redis.Redis) -> None:
    """Whoever reads while it is created or merged into finds it before or after, never in between."""
    writer, reader = RedisStore(redis_url, DEFAULT), RedisStore(redis_url, DEFAULT)
    first = EncodedEvent(b"{}", {b'm"%d"' % number: b"1" for number in range(3)})
    merged = {b'm"%d"' % number: b"2" for number in range(3)}
    for number in range(100):
        event_id = id_of(str(number))
        created, *seen = await asyncio.gather(
            writer.create_or_merge(TENANT, entry(event_id), first), *(reader.read(TENANT, event_id) for _ in range(5))
        )
        assert created == first
        assert all(event in (None, first) for event in seen)
        again, *seen = await asyncio.gather(
            writer.create_or_merge(TENANT, entry(event_id), EncodedEvent(b"", merged)),
            *(reader.read(TENANT, event_id) for _ in range(5)),
        )
        assert again == EncodedEvent(b"{}", merged)
        assert all(event in (first, again) for event in seen)
    await writer.close()
    await reader.close()


async def test_a_merge_is_one_step(redis_url: str, redis_client: redis.Redis) -> None:
    """One script finds the event there, another merges: the response is read in the step that wrote event and index."""
    store = RedisStore(redis_url, DEFAULT)
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    redis_client.config_resetstat()
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    calls = {name.removeprefix("cmdstat_"): stats["calls"] for name, stats in redis_client.info("commandstats").items()}
    of_the_size = {"hget": 3, "hstrlen": 2, "hlen": 1}
    expected = {"evalsha": 2, "zadd": 1, "hset": 1, "persist": 2, "hgetall": 1, **of_the_size}
    assert expected == {name: count for name, count in calls.items() if name not in {"config|resetstat", "info"}}
    await store.close()


async def test_a_server_that_does_not_answer_is_unavailability(redis_url: str, redis_client: redis.Redis) -> None:
    """Within the timeout, and it is not asked a second time: it may be slow already."""
    store = RedisStore(redis_url, StoreOptions(timeout=0.2))
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    redis_client.config_resetstat()
    redis_client.client_pause(60_000, all=False)
    try:
        async with asyncio.timeout(15):
            with pytest.raises(StoreUnavailable):
                await store.create_or_merge(TENANT, ENTRY, EVENT)
    finally:
        redis_client.client_unpause()
    assert EVENT == await store.create_or_merge(TENANT, ENTRY, EVENT)
    assert redis_client.info("commandstats")["cmdstat_evalsha"]["calls"] <= 2
    await store.close()


async def test_a_process_that_is_kept_from_the_processor_is_ready(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its clock goes on while it does nothing; that says nothing of Redis."""
    store = RedisStore(redis_url, StoreOptions(timeout=1))

    async def kept_away() -> None:
        time.sleep(1.5)  # noqa: ASYNC251 - the event loop cannot go on meanwhile

    monkeypatch.setattr(store.barrier, "refresh", kept_away)
    await store.check()
    await store.close()


async def test_concurrent_calls_share_one_connection(redis_url: str, redis_client: redis.Redis) -> None:
    """They travel as pipelines, so that a thousand requests open no thousand connections."""
    store = RedisStore(redis_url, DEFAULT)
    before = len(redis_client.client_list())
    stored = await asyncio.gather(
        *(store.create_or_merge(TENANT, entry(id_of(str(number))), EVENT) for number in range(1000))
    )
    assert [EVENT] * 1000 == stored
    assert len(redis_client.client_list()) == before + 1
    await store.close()


async def test_a_refused_call_fails_alone(redis_url: str, redis_client: redis.Redis) -> None:
    """Those that travelled with it are answered, each with its own reply."""
    store = RedisStore(redis_url, DEFAULT)
    redis_client.set(event_key(TENANT, id_of("50")), "no hash")
    posts = [EncodedEvent(b"%d" % number, {}) for number in range(100)]
    responses = await asyncio.gather(
        *(store.create_or_merge(TENANT, entry(id_of(str(number))), post) for number, post in enumerate(posts)),
        return_exceptions=True,
    )
    assert isinstance(responses.pop(50), StoreUnavailable)
    assert [post for number, post in enumerate(posts) if number != 50] == responses
    await store.close()


async def test_a_call_that_is_given_up_disturbs_no_other(redis_url: str, redis_client: redis.Redis) -> None:
    """Its reply comes all the same, and is nobody else's."""
    store = RedisStore(redis_url, DEFAULT)
    for number in range(50):
        given_up = asyncio.create_task(store.create_or_merge(TENANT, entry(id_of("given up")), EVENT))
        await asyncio.sleep(0)
        given_up.cancel()
        post = EncodedEvent(b"%d" % number, {})
        assert post == await store.create_or_merge(TENANT, entry(id_of(str(number))), post)
    await store.close()


async def test_no_call_waits_for_the_timeouts_of_others(redis_url: str, redis_client: redis.Redis) -> None:
    """What waits behind a pipeline that stalls has its own time; the next call finds a server that is back."""
    store = RedisStore(redis_url, StoreOptions(timeout=2))
    await store.check()
    redis_client.client_pause(60_000, all=False)
    try:
        first = asyncio.create_task(store.create_or_merge(TENANT, entry(id_of("first")), EVENT))
        await asyncio.sleep(0.2)
        second = asyncio.create_task(store.create_or_merge(TENANT, entry(id_of("second")), EVENT))
        await asyncio.sleep(3)  # of the two seconds that it has; after the first's it would have four
        assert first.done()
        assert second.done()
    finally:
        redis_client.client_unpause()
    for task in (first, second):
        with pytest.raises(StoreUnavailable):
            await task
    assert EVENT == await store.create_or_merge(TENANT, entry(id_of("third")), EVENT)
    await store.close()


LIFE = StoreOptions(ttl=1000)


def lives(client: redis.Redis) -> tuple[int, int]:
    """How long event and index have to live, in milliseconds; -1 is for ever."""
    event, index = (client.pttl(key(TENANT, ID)) for key in (event_key, index_key))
    return event, index


async def test_the_last_write_renews_the_life_of_an_event(redis_url: str, redis_client: redis.Redis) -> None:
    """And that of its index."""
    store = RedisStore(redis_url, LIFE)
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    for key in (event_key(TENANT, ID), index_key(TENANT, ID)):
        assert 900_000 < redis_client.pttl(key) <= 1_001_000
        redis_client.pexpire(key, 5000)
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    assert min(lives(redis_client)) > 900_000
    await store.close()


async def test_an_index_lives_as_long_as_the_longest_of_its_events(redis_url: str, redis_client: redis.Redis) -> None:
    """A server that was started with a shorter life does not make orphans of the events of others."""
    long, short = RedisStore(redis_url, LIFE), RedisStore(redis_url, StoreOptions(ttl=1))
    for_ever = RedisStore(redis_url, DEFAULT)
    await long.create_or_merge(TENANT, ENTRY, EVENT)
    await short.create_or_merge(TENANT, ENTRY, EVENT)
    event, index = lives(redis_client)
    assert event <= 1000
    assert index > 900_000
    await for_ever.create_or_merge(TENANT, ENTRY, EVENT)
    assert (-1, -1) == lives(redis_client)
    await long.create_or_merge(TENANT, ENTRY, EVENT)
    event, index = lives(redis_client)
    assert 900_000 < event
    assert index == -1
    for store in (long, short, for_ever):
        await store.close()


async def test_an_index_forgets_what_has_expired(redis_url: str, redis_client: redis.Redis) -> None:
    """Some with each write, so that it does not grow for ever; and nothing that is still there."""
    ids = [id_of(str(number)) for number in range(2000)]
    bucket = [event_id for event_id in ids if index_key(TENANT, event_id) == index_key(TENANT, ID)]
    assert len(bucket) > 20
    store = RedisStore(redis_url, StoreOptions(ttl=0.01))
    for_ever = RedisStore(redis_url, DEFAULT)
    await asyncio.gather(*(store.create_or_merge(TENANT, entry(event_id), EVENT) for event_id in bucket[1:]))
    for event_id in bucket[:15]:
        await for_ever.create_or_merge(TENANT, entry(event_id), EVENT)
    await asyncio.sleep(0.1)
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    left = {uuid.UUID(event_id).bytes for event_id in (*bucket[:15], ID)}
    assert left == {member[-16:] for member in redis_client.zrange(index_key(TENANT, ID), 0, -1)}
    assert 3 * len(left) == redis_client.zcard(index_key(TENANT, ID))
    await store.close()
    await for_ever.close()


async def test_what_has_expired_is_neither_counted_nor_found(redis_url: str, redis_client: redis.Redis) -> None:
    """Though nothing was written since."""
    store = RedisStore(redis_url, StoreOptions(ttl=2))
    ids = [id_of(str(number)) for number in range(500)]
    await asyncio.gather(*(store.create_or_merge(TENANT, entry(event_id), EVENT) for event_id in ids))
    assert len(ids) == await store.count(TENANT, Selection())
    await asyncio.sleep(2.1)
    assert 0 == await store.count(TENANT, Selection())
    assert [] == list(await store.find(TENANT, Selection(), 10))
    assert not redis_client.keys(f"*{TENANT.digest}*")
    await store.close()


async def test_a_write_is_answered_when_replicas_have_it(
    redis_url: str, redis_client: redis.Redis, tmp_path: Path
) -> None:
    """With too few of them it is done and said to be unavailable; whoever only reads is answered."""
    hasty = RedisStore(redis_url, DEFAULT)
    await hasty.create_or_merge(TENANT, ENTRY, EVENT)
    await hasty.close()
    store = RedisStore(redis_url, StoreOptions(wait=1, timeout=5))  # a fresh replica may lag by a second
    posts = (store.create_or_merge(TENANT, ENTRY, EVENT) for _ in range(2))
    refused = await asyncio.gather(*posts, store.read(TENANT, ID), return_exceptions=True)
    assert [StoreUnavailable, StoreUnavailable, EncodedEvent] == [type(response) for response in refused]
    assert "The store wrote it, but 0 of 1 replicas have it" == str(refused[0])
    with pytest.raises(StoreUnavailable, match="0 of 1 replicas"):
        await store.check()
    with redis_running(tmp_path, "--replicaof", *redis_url.split("/")[2].split(":")) as replica:
        with replica.client() as client:
            wait_until(lambda: redis_client.set("a", "") and redis_client.wait(1, 100), "the replica follows")
            redis_client.delete("a")
            for number in range(20):
                await store.create_or_merge(TENANT, entry(id_of(str(number))), EVENT)
                assert client.exists(event_key(TENANT, id_of(str(number))))
            await store.reset(TENANT)
            assert [key for key in client.keys("*") if not key.startswith(b"hivestand:{plans}:")] == []
        await asyncio.sleep(CHECKED_SECONDS)
        assert len(await store.check()) == 1
    await store.close()


@pytest.mark.parametrize(
    ("settings", "ttl", "said"),
    [
        ({"appendonly": "no"}, None, ["append-only"]),
        ({"appendonly": "yes"}, None, []),
        ({"appendonly": "yes", "maxmemory-policy": "allkeys-lru"}, None, ["evicts"]),
        ({"appendonly": "yes", "maxmemory-policy": "volatile-lru"}, None, []),
        ({"appendonly": "yes", "maxmemory-policy": "volatile-lru"}, 1, ["evicts"]),
        ({"appendonly": "no", "maxmemory-policy": "allkeys-random"}, 1, ["append-only", "evicts"]),
    ],
)
async def test_what_would_lose_data_is_told(
    tmp_path: Path, settings: dict[str, str], ttl: int, said: list[str]
) -> None:
    """No append-only file; a policy that evicts events, which a volatile one does only where they expire."""
    options = [text for name, value in settings.items() for text in (f"--{name}", value)]
    with redis_running(tmp_path, *options) as server:
        store = RedisStore(server.url, StoreOptions(ttl=ttl))
        warnings = await store.check()
        await store.close()
    assert len(said) == len(warnings)
    assert all(text in warning for text, warning in zip(said, warnings, strict=True))


async def test_a_replica_is_refused(redis_url: str, redis_client: redis.Redis, tmp_path: Path) -> None:
    """It takes no writes; and what was written to it says so at once."""
    with redis_running(tmp_path, "--replicaof", *redis_url.split("/")[2].split(":")) as replica:
        store = RedisStore(replica.url, DEFAULT)
        with pytest.raises(StoreUnavailable, match="replica"):
            await store.check()
        with pytest.raises(StoreUnavailable):
            await store.create_or_merge(TENANT, ENTRY, EVENT)
        with replica.client() as client:
            client.replicaof("NO", "ONE")
        assert EVENT == await store.create_or_merge(TENANT, ENTRY, EVENT)
        await store.close()


async def test_a_server_that_loads_its_data_is_unavailable() -> None:
    """By its own word: INFO answers, other commands do not."""
    info = b"redis_version:7.0.0\r\nloading:1\r\n"
    with responding(b"$%d\r\n%b\r\n" % (len(info), info)) as url:
        store = RedisStore(url, DEFAULT)
        with pytest.raises(StoreUnavailable, match="loading"):
            await store.check()
        await store.close()
    with responding(b"-LOADING Redis is loading the dataset in memory\r\n") as url:
        store = RedisStore(url, DEFAULT)
        with pytest.raises(StoreUnavailable):
            await store.create_or_merge(TENANT, ENTRY, EVENT)
        await store.close()


@contextmanager
def responding(reply: bytes) -> Iterator[str]:
    """A server on a free port that sends the same reply to every command; gives its URL."""

    def serve(connection: socket.socket) -> None:
        while asked := connection.recv(4096):
            connection.sendall(reply * asked.count(b"*"))

    with accepting(serve) as port:
        yield f"redis://127.0.0.1:{port}?protocol=2&lib_name=&lib_version="


@pytest.mark.parametrize("version", ["6.0.16", "5.0.0", "6.1.999"])
async def test_an_old_server_is_refused(version: str) -> None:
    """Redis before 6.2, by its own word."""
    info = f"redis_version:{version}\r\n".encode()
    with responding(b"$%d\r\n%b\r\n" % (len(info), info)) as url:
        store = RedisStore(url, DEFAULT)
        with pytest.raises(StoreUnavailable, match=f"Redis {version} is too old"):
            await store.check()
        await store.close()


@pytest.mark.parametrize(
    "reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"-ASK 1 a\r\n", b"$-5\r\n", b":1\r\n", b"\xff"]
)
async def test_a_server_that_is_no_redis_is_refused(reply: bytes) -> None:
    """What answers in another language is no store, whatever redis-py makes of it."""
    with responding(reply) as url:
        store = RedisStore(url, StoreOptions(timeout=0.5))
        for _ in range(3):
            async with asyncio.timeout(15):
                with pytest.raises(StoreUnavailable):
                    await store.check()
        await store.close()


async def test_large_calls_do_not_hold_up_small_ones(redis_url: str, redis_client: redis.Redis) -> None:
    """They have a line of their own, and travel few at a time."""
    store = RedisStore(redis_url, DEFAULT)
    large = EncodedEvent(b"{}", {b'm"a"': b"x" * 5_000_000})
    calls = [store.create_or_merge(TENANT, entry(id_of(f"large {number}")), large) for number in range(40)]
    calls += [store.create_or_merge(TENANT, entry(id_of(f"small {number}")), EVENT) for number in range(40)]
    assert [large] * 40 + [EVENT] * 40 == await asyncio.gather(*calls)
    await store.close()


async def test_an_index_entry_whose_event_is_gone_is_cleared_by_whoever_meets_it(
    redis_url: str, redis_client: redis.Redis
) -> None:
    """Not found, not counted, and gone from the index after that: Redis may have evicted the event."""
    store = RedisStore(redis_url, DEFAULT)
    for number in range(40):
        await call(store, "createEvent", {"event_type": "tool", "inputs": {}, "event_id": id_of(str(number))})
    for number in range(30):
        redis_client.delete(event_key(CALLER, id_of(str(number))))
    page = await call(store, "searchEvents", {"limit": 20})
    assert (10, 10) == (page["count"], len(page["events"]))
    assert 10 == await store.count(CALLER, Selection())
    await store.reset(CALLER)
    await store.close()


async def test_servers_with_and_without_a_ttl_agree(redis_url: str, redis_client: redis.Redis) -> None:
    """What has expired by the one is neither found nor counted by the other, which lets nothing expire."""
    brief, lasting = RedisStore(redis_url, StoreOptions(ttl=0.3)), RedisStore(redis_url, DEFAULT)
    for number in range(20):
        await (brief if number % 2 else lasting).create_or_merge(TENANT, entry(id_of(str(number))), EVENT)
    await asyncio.sleep(0.5)
    for store in (lasting, brief):
        assert 10 == await store.count(TENANT, Selection())
        assert 10 == len(await store.find(TENANT, Selection(), 100))
    await lasting.reset(TENANT)
    await lasting.close()
    await brief.close()


async def test_events_are_read_by_their_size(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many of the first as fit, and at least one; all of them in the end."""
    monkeypatch.setattr(events, "READ_BYTES", 10_000)
    store = RedisStore(redis_url, DEFAULT)
    ids = [id_of(str(number)) for number in range(60)]
    large = EncodedEvent(b'{"a":"%b"}' % (b"x" * 4000), {})
    for number, event_id in enumerate(ids):
        await store.create_or_merge(TENANT, entry(event_id), large if number % 3 else EVENT)
    read: list[EncodedEvent | None] = []
    while len(read) < len(ids):
        some = await store.read_each(TENANT, ids[len(read) :])
        assert 1 <= len(some) < 60
        read += some
    assert [large if number % 3 else EVENT for number in range(60)] == read
    await store.reset(TENANT)
    await store.close()


async def test_only_so_many_tenants_are_registered(redis_url: str, redis_client: redis.Redis) -> None:
    """Those that came last; when each came is forgotten with it."""
    store = RedisStore(redis_url, DEFAULT)
    await store.barrier.refresh()
    for at in range(0, MAX_TENANTS + 50, 2000):
        for number in range(at, min(at + 2000, MAX_TENANTS + 50)):
            store.tenants.note(tenant_of(str(number).encode()))
        await store.barrier.settle()
    registered = {tenant.digest for tenant in await store.tenants.all()}
    assert MAX_TENANTS == len(registered) == redis_client.zcard("hivestand:{plans}:tenants:seen")
    assert tenant_of(str(MAX_TENANTS + 49).encode()).digest in registered
    early = [tenant_of(str(number).encode()) for number in range(2000)]  # which came at the same time
    gone = [tenant for tenant in early if tenant.digest not in registered]
    assert len(gone) == 50
    first = gone[0]
    store.tenants.note(first)
    await store.barrier.settle()
    assert first.digest in {tenant.digest for tenant in await store.tenants.all()}
    await store.close()
