"""The rights that a user of Redis needs are those that the documentation names."""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis_servers import cluster_running, redis_running
from support import ROOT, SESSION_ID, running

PAGE = (ROOT / "docs" / "how-to" / "serve.md").read_text(encoding="utf-8")
USER = next(line for line in PAGE.splitlines() if line.startswith("ACL SETUSER"))


@pytest.mark.parametrize("is_cluster", [False, True], ids=["one server", "cluster"])
def test_the_documented_rights_are_enough(tmp_path: Path, is_cluster: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """For everything that the server does, on one server and in a cluster, with events that expire and without."""
    more = PAGE.partition("a cluster takes")[2].partition("as well")[0]
    of_a_cluster = re.findall(r"\+(?:asking|cluster\|\w+)", more)
    assert len(of_a_cluster) == 4
    words = [*USER.split(), *(of_a_cluster if is_cluster else [])]
    with ExitStack() as stack:
        if is_cluster:
            servers = stack.enter_context(cluster_running(tmp_path))
        else:
            servers = [stack.enter_context(redis_running(tmp_path))]
        for each in servers:
            assert each.command(*words)
        scheme = "redis+cluster" if is_cluster else "redis"
        url = f"{scheme}://hivestand:password@127.0.0.1:{servers[0].port}"
        for options in ((), ("--ttl", "60"), ("--workers", "2")):
            with running("--store", url, *options) as server:
                assert server.post({"session_id": SESSION_ID}).status_code == 200
                assert server.post({"session_id": SESSION_ID, "metadata": {"a": 1}}).status_code == 200
                body = {"event_type": "tool", "inputs": {}, "session_id": SESSION_ID}
                assert server.post({"events": [body] * 3}, path="/v1/events/batch").status_code == 200
                assert server.post({}, path="/v1/events/search").json()["count"] == 4
                assert server.post({"window": 50, "times": 1}, path="/__admin/faults").status_code == 201
                assert server.post({}).status_code == 200
                assert server.get("/__admin/requests").json()["requests"]
                assert server.get("/__admin/health").json()["ready"]
                assert server.get("/__admin/sessions").json()["sessions"]
                assert server.post({}, path="/__admin/reset").status_code == 200
        log = [entry for each in servers for entry in each.command("ACL LOG")]
        assert [] == log
