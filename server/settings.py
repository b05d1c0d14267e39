"""What `hivestand serve` was told, read once and frozen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from hivestand.handlers.store.protocol import StoreOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to serve. Sizes are bytes, times are seconds; `workers` is how many processes.

    Without a `log_format` requests are not logged. Without an `admin_token` whoever has no token is the admin, on
    loopback. Without a file of `keys` any token is accepted.
    """

    host: str = "127.0.0.1"
    port: int = 4010
    workers: int = 1
    store: str = "memory://"
    store_options: StoreOptions = StoreOptions()
    max_body: int = 10 * 1024 * 1024
    body_timeout: float = 20.0
    cors: bool = True
    overrides: bool = True
    admin_token: str | None = None
    keys: str | None = None
    log_format: Literal["text", "json"] | None = None


def described(settings: Settings) -> Mapping[str, Any]:
    """The settings as the control API tells them: without the store's password, the admin's token and the keys.

    Of the latter it says whether there is a file.
    """
    told = {**asdict(settings), **settings.store_options._asdict(), "store": place_of(settings.store)}
    del told["store_options"], told["admin_token"]
    told["keys"] = settings.keys is not None
    return told


def place_of(store: str) -> str:
    """A store's URL without user, password and options."""
    parts = urlsplit(store)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
