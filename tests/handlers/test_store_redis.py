"""What the Redis store has of its own; the rest is `test_store.py`."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import redis

from skep.handlers.encoding import EncodedEvent
from skep.handlers.errors import StoreUnavailable
from skep.handlers.store_redis import RedisStore
from skep.handlers.tenant import tenant_of

TENANT = tenant_of(b"a")
EVENT = EncodedEvent(b"{}", {b'm"a"': b"1"})

pytestmark = pytest.mark.anyio


async def test_an_option_in_the_url_does_not_change_what_is_stored(redis_url: str, redis_client: redis.Redis) -> None:
    """Replies stay bytes, whatever redis-py is told to make of them."""
    store = RedisStore(f"{redis_url}?decode_responses=yes&protocol=2")
    await store.open()
    await store.create_or_merge(TENANT, "id", EVENT)
    assert EVENT == await store.create_or_merge(TENANT, "id", EVENT) == await store.read(TENANT, "id")
    await store.close()


async def test_an_event_is_one_hash(redis_url: str, redis_client: redis.Redis) -> None:
    """A key for each event, which names the tenant by a digest; a field for each merged member, one for the rest."""
    store = RedisStore(redis_url)
    await store.create_or_merge(TENANT, "id", EVENT)
    key = f"skep:event:{TENANT.digest}:id".encode()
    assert [key] == redis_client.keys("*")
    assert {b"p": b"{}", b'm"a"': b"1"} == redis_client.hgetall(key)
    await store.close()


async def test_a_flushed_script_is_loaded_again(redis_url: str, redis_client: redis.Redis) -> None:
    """NOSCRIPT is no error of the client's."""
    store = RedisStore(redis_url)
    await store.create_or_merge(TENANT, "1", EVENT)
    redis_client.script_flush()
    assert EVENT == await store.create_or_merge(TENANT, "2", EVENT)
    await store.close()


async def test_more_members_than_a_command_has_arguments(redis_url: str, redis_client: redis.Redis) -> None:
    """Redis takes 1,048,576 arguments; a body may hold more keys and values than that."""
    store = RedisStore(redis_url, timeout=60)
    many = EncodedEvent(b"{}", {b'm"%d"' % number: b"1" for number in range(530_000)})
    assert many == await store.create_or_merge(TENANT, "id", many)
    assert 530_001 == redis_client.hlen(f"skep:event:{TENANT.digest}:id")
    await store.close()


async def test_a_lost_connection_is_made_anew(redis_url: str, redis_client: redis.Redis) -> None:
    """A pooled connection that the server dropped costs no request."""
    store = RedisStore(redis_url)
    await store.check()
    redis_client.client_kill_filter(_type="normal", skipme=True)
    assert EVENT == await store.create_or_merge(TENANT, "id", EVENT)
    await store.close()


async def test_whatever_redis_refuses_is_unavailability(redis_url: str, redis_client: redis.Redis) -> None:
    """A full memory, a read-only replica or a key of another type: the store is not available."""
    store = RedisStore(redis_url)
    redis_client.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreUnavailable):
            await store.create_or_merge(TENANT, "id", EVENT)
    finally:
        redis_client.config_set("maxmemory", "0")
    assert EVENT == await store.create_or_merge(TENANT, "id", EVENT)
    await store.close()


async def test_an_absent_server_is_unavailability() -> None:
    """Opening, checking, reading and writing all say so."""
    store = RedisStore("redis://127.0.0.1:1")
    with pytest.raises(StoreUnavailable):
        await store.open()
    with pytest.raises(StoreUnavailable):
        await store.check()
    with pytest.raises(StoreUnavailable):
        await store.read(TENANT, "id")
    with pytest.raises(StoreUnavailable):
        await store.create_or_merge(TENANT, "id", EVENT)
    await store.close()


async def test_an_event_is_seen_whole_or_not_at_all(redis_url: str, redis_client: redis.Redis) -> None:
    """Whoever reads while it is created or merged into finds it before or after, never in between."""
    writer, reader = RedisStore(redis_url), RedisStore(redis_url)
    first = EncodedEvent(b"{}", {b'm"%d"' % number: b"1" for number in range(3)})
    merged = {b'm"%d"' % number: b"2" for number in range(3)}
    for number in range(100):
        event_id = str(number)
        created, *seen = await asyncio.gather(
            writer.create_or_merge(TENANT, event_id, first), *(reader.read(TENANT, event_id) for _ in range(5))
        )
        assert created == first
        assert all(event in (None, first) for event in seen)
        again, *seen = await asyncio.gather(
            writer.create_or_merge(TENANT, event_id, EncodedEvent(b"", merged)),
            *(reader.read(TENANT, event_id) for _ in range(5)),
        )
        assert again == EncodedEvent(b"{}", merged)
        assert all(event in (first, again) for event in seen)
    await writer.close()
    await reader.close()


async def test_a_merge_is_one_step(redis_url: str, redis_client: redis.Redis) -> None:
    """One script call and nothing beside it: the answer is read in the step that wrote."""
    store = RedisStore(redis_url)
    await store.create_or_merge(TENANT, "id", EVENT)
    redis_client.config_resetstat()
    await store.create_or_merge(TENANT, "id", EVENT)
    calls = {name: stats["calls"] for name, stats in redis_client.info("commandstats").items()}
    assert {"cmdstat_evalsha": 1, "cmdstat_hsetnx": 1, "cmdstat_hset": 1, "cmdstat_hgetall": 1} == {
        name: count for name, count in calls.items() if name not in {"cmdstat_config|resetstat", "cmdstat_info"}
    }
    await store.close()


async def test_a_server_that_does_not_answer_is_unavailability(redis_url: str, redis_client: redis.Redis) -> None:
    """Within the timeout, and it is not asked a second time: it may be slow already."""
    store = RedisStore(redis_url, timeout=0.2)
    await store.create_or_merge(TENANT, "id", EVENT)
    redis_client.config_resetstat()
    redis_client.client_pause(60_000, all=False)
    async with asyncio.timeout(15):
        with pytest.raises(StoreUnavailable):
            await store.create_or_merge(TENANT, "id", EVENT)
    redis_client.client_unpause()
    assert EVENT == await store.create_or_merge(TENANT, "id", EVENT)
    assert redis_client.info("commandstats")["cmdstat_evalsha"]["calls"] <= 2
    await store.close()


async def test_concurrent_calls_share_one_connection(redis_url: str, redis_client: redis.Redis) -> None:
    """They travel as pipelines, so that a thousand requests open no thousand connections."""
    store = RedisStore(redis_url)
    before = len(redis_client.client_list())
    events = await asyncio.gather(*(store.create_or_merge(TENANT, str(number), EVENT) for number in range(1000)))
    assert [EVENT] * 1000 == events
    assert len(redis_client.client_list()) == before + 1
    await store.close()


async def test_a_refused_call_fails_alone(redis_url: str, redis_client: redis.Redis) -> None:
    """Those that travelled with it are answered, each with its own reply."""
    store = RedisStore(redis_url)
    redis_client.set(f"skep:event:{TENANT.digest}:50", "no hash")
    posts = [EncodedEvent(b"%d" % number, {}) for number in range(100)]
    answers = await asyncio.gather(
        *(store.create_or_merge(TENANT, str(number), post) for number, post in enumerate(posts)), return_exceptions=True
    )
    assert isinstance(answers.pop(50), StoreUnavailable)
    assert [post for number, post in enumerate(posts) if number != 50] == answers
    await store.close()


async def test_a_call_that_is_given_up_disturbs_no_other(redis_url: str, redis_client: redis.Redis) -> None:
    """Its reply comes all the same, and is nobody else's."""
    store = RedisStore(redis_url)
    for number in range(50):
        given_up = asyncio.create_task(store.create_or_merge(TENANT, "given up", EVENT))
        await asyncio.sleep(0)
        given_up.cancel()
        post = EncodedEvent(b"%d" % number, {})
        assert post == await store.create_or_merge(TENANT, str(number), post)
    await store.close()


async def test_a_stalled_server_holds_nobody_for_two_timeouts(redis_url: str, redis_client: redis.Redis) -> None:
    """What waits for a pipeline that stalls fails with it, and the next call finds a server that is back."""
    store = RedisStore(redis_url, timeout=0.5)
    await store.check()
    redis_client.client_pause(60_000, all=False)
    first = asyncio.create_task(store.create_or_merge(TENANT, "first", EVENT))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(store.create_or_merge(TENANT, "second", EVENT))
    await asyncio.wait([first], timeout=15)
    await asyncio.sleep(0)
    assert second.done()
    for task in (first, second):
        with pytest.raises(StoreUnavailable):
            await task
    redis_client.client_unpause()
    assert EVENT == await store.create_or_merge(TENANT, "third", EVENT)
    await store.close()


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """A server on a free port that answers every command with one reply; gives its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    while asked := connection.recv(4096):
                        connection.sendall(reply * asked.count(b"*"))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}?protocol=2&lib_name=&lib_version="
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


@pytest.mark.parametrize("version", ["6.0.16", "5.0.0", "6.1.999"])
async def test_an_old_server_is_refused(version: str) -> None:
    """Redis before 6.2, by its own word."""
    info = f"redis_version:{version}\r\n".encode()
    with answering(b"$%d\r\n%b\r\n" % (len(info), info)) as url:
        store = RedisStore(url)
        with pytest.raises(StoreUnavailable, match=f"Redis {version} is too old"):
            await store.open()
        await store.close()


@pytest.mark.parametrize(
    "reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"-ASK 1 a\r\n", b"$-5\r\n", b":1\r\n", b"\xff"]
)
async def test_a_server_that_is_no_redis_is_refused(reply: bytes) -> None:
    """What answers in another language is no store, whatever redis-py makes of it."""
    with answering(reply) as url:
        store = RedisStore(url, timeout=0.5)
        for _ in range(3):
            async with asyncio.timeout(15):
                with pytest.raises(StoreUnavailable):
                    await store.open()
        await store.close()


async def test_nonsense_is_forgotten_with_its_connection(redis_url: str, redis_client: redis.Redis) -> None:
    """A reply that is none costs the calls that travelled with it; the next ones have a new connection."""
    store = RedisStore(redis_url)
    await store.check()
    line = store._line  # noqa: SLF001 - a real Redis talks no nonsense, so it is put in its mouth
    connection = line._connection  # noqa: SLF001
    assert connection is not None
    connection._parser._reader.feed(b"nonsense\r\n")  # type: ignore[attr-defined] # noqa: SLF001
    with pytest.raises(StoreUnavailable):
        await store.create_or_merge(TENANT, "id", EVENT)
    assert EVENT == await store.create_or_merge(TENANT, "id", EVENT)
    await store.close()


async def test_large_calls_do_not_hold_up_small_ones(redis_url: str, redis_client: redis.Redis) -> None:
    """They have a line of their own, and travel few at a time."""
    store = RedisStore(redis_url)
    large = EncodedEvent(b"{}", {b'm"a"': b"x" * 5_000_000})
    calls = [store.create_or_merge(TENANT, f"large {number}", large) for number in range(40)]
    calls += [store.create_or_merge(TENANT, f"small {number}", EVENT) for number in range(40)]
    assert [large] * 40 + [EVENT] * 40 == await asyncio.gather(*calls)
    await store.close()
