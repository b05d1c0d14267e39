"""The settings of `hivestand serve`, read once and frozen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from hivestand.handlers.store.protocol import StoreOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to serve.

    Attributes:
        host: the address to listen on.
        port: the port; 0 takes a free one.
        workers: how many processes.
        store: the URL of the store.
        store_options: how the store keeps events.
        max_body: the largest body, bytes.
        body_timeout: seconds in which a body has to arrive.
        write_timeout: seconds for which a client may not read its response.
        max_buffered: bytes that all connections together may hold: bodies that arrive, responses that are not read.
        cors: whether web pages may call the API.
        overrides: whether clients may ask for other responses by `Prefer`.
        accept_unwrapped: whether `POST /session/start` takes a session without its wrapper.
        otlp_session: whether the unknown session of a span is created only where it asks for that, or always.
        admin_token: the admin's token; without one, clients without a token are the admin on loopback.
        keys: the path of a file of keys; without one any token is accepted.
        reports: the folder of reports of `hivestand check` that the console shows; None for none.
        log_format: the form of the request log; None shows requests on a terminal and logs nothing elsewhere, `none`
            does neither.
    """

    host: str = "127.0.0.1"
    port: int = 4010
    workers: int = 1
    store: str = "memory://"
    store_options: StoreOptions = StoreOptions()
    max_body: int = 10 * 1024 * 1024
    body_timeout: float = 20.0
    write_timeout: float = 30.0
    max_buffered: int = 256 * 1024 * 1024
    cors: bool = True
    overrides: bool = True
    accept_unwrapped: bool = False
    otlp_session: Literal["documented", "always"] = "documented"
    admin_token: str | None = None
    keys: str | None = None
    reports: str | None = None
    log_format: Literal["text", "json", "none"] | None = None


def described(settings: Settings) -> Mapping[str, Any]:
    """The settings as the admin API returns them: without the store's password, the admin token and the keys.

    `keys` says whether there is a file of keys.
    """
    shown = {**asdict(settings), **settings.store_options._asdict(), "store": place_of(settings.store)}
    del shown["store_options"], shown["admin_token"]
    shown["keys"] = settings.keys is not None
    return shown


def place_of(store: str) -> str:
    """The URL of a store without user, password and options."""
    parts = urlsplit(store)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
