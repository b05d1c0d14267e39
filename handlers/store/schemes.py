"""Which store a URL names, by its scheme."""

from urllib.parse import urlsplit

from hivestand.handlers.store.protocol import Store, StoreOptions

SCHEMES = ("memory", "redis", "rediss", "unix", "redis+cluster", "rediss+cluster")


def store_for(url: str, options: StoreOptions = StoreOptions()) -> Store:
    """The store that a URL names, not connected yet; only its module, and so its driver, is imported.

    Raises:
        ValueError: the URL names no store, or none with such options.
    """
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        from hivestand.handlers.store.memory.events import MemoryStore  # noqa: PLC0415 - import only the store that is used

        return MemoryStore(options)
    if scheme in SCHEMES:
        from hivestand.handlers.store.redis.events import RedisStore  # noqa: PLC0415 - import only the store that is used

        return RedisStore(url, options)
    msg = f"no store of scheme {scheme!r}: a store is one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
    raise ValueError(msg)
