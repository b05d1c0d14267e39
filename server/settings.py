"""What `skep serve` was told, read once and frozen."""

from dataclasses import dataclass

from skep.handlers.store import StoreOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to serve. Sizes are bytes, times are seconds; `workers` is how many processes."""

    host: str = "127.0.0.1"
    port: int = 4010
    workers: int = 1
    store: str = "memory://"
    store_options: StoreOptions = StoreOptions()
    max_body: int = 10 * 1024 * 1024
    body_timeout: float = 20.0
    cors: bool = True
    overrides: bool = True
