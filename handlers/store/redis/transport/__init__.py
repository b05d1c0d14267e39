"""The wire to Redis: connections, pipelines, one server or a cluster. The only modules that import redis-py."""
