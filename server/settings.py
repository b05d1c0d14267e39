"""What `skep serve` was told, read once and frozen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to serve. Sizes are bytes, times are seconds."""

    host: str = "127.0.0.1"
    port: int = 4010
    store: str = "memory://"
    max_body: int = 10 * 1024 * 1024
    body_timeout: float = 20.0
    cors: bool = True
