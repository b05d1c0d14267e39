"""The wire to Redis: connections, pipelines, one server or a cluster. The only modules that import redis-py."""

from hivestand.handlers.imports import without

# redis-py can report to OpenTelemetry, and imports it wherever it is installed: a third of what its import takes
with without("opentelemetry.metrics", "opentelemetry.sdk.metrics"):
    import redis.asyncio as _  # noqa: F401
