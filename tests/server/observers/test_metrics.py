"""The counts for Prometheus."""

import re

import httpx
import pytest
from support import TOKEN, running

pytestmark = pytest.mark.anyio

LINE = re.compile(r'hivestand_requests_total\{operation="(\w+)",status="(\w+)"\} (\d+)\.0')


def counts(text: str) -> dict[tuple[str, str], int]:
    """Requests by operation and status."""
    return {(operation, status): int(count) for operation, status, count in LINE.findall(text)}


async def test_requests_are_counted(client: httpx.AsyncClient) -> None:
    """By operation and status; durations fall into buckets; hivestand's own operations do not count."""
    await client.post(
        "/__admin/faults", json={"kind": "mistyped", "delay": {"distribution": "fixed", "milliseconds": 30}}
    )
    for body in ("{}", "{}", "[]"):
        await client.post("/v1/sessions", content=body, headers={"Content-Type": "application/json"})
    await client.get("/nothing")
    response = await client.get("/__admin/metrics", headers={"Authorization": ""})
    assert response.status_code == 401
    del client.headers["Authorization"]
    response = await client.get("/__admin/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert {("createSession", "200"): 2, ("createSession", "400"): 1, ("none", "404"): 1} == counts(response.text)
    bucket = 'hivestand_request_seconds_bucket{le="%s",operation="createSession",status="200"} %s'
    for line in (bucket % ("0.025", "0.0"), bucket % ("10.0", "2.0"), bucket % ("+Inf", "2.0")):
        assert line in response.text


async def test_they_are_the_admins(client: httpx.AsyncClient) -> None:
    """A tenant's token does not do."""
    assert (await client.get("/__admin/metrics")).status_code == 403


def test_workers_count_together(redis_url: str) -> None:
    """Whichever of them is asked."""
    with running("--workers", "2", "--store", redis_url) as server:
        for number in range(1, 21):
            assert server.post({}, token=TOKEN).status_code == 200
            text = httpx.get(f"{server.url}/__admin/metrics").text
            assert {("createSession", "200"): number} == counts(text)


async def test_unusual_statuses_share_a_label(client: httpx.AsyncClient) -> None:
    """Any status can be asked for; a label for each would make the response grow without bounds."""
    for status in range(200, 600):
        await client.post("/v1/sessions", json={}, headers={"Prefer": f"code={status}"})
    del client.headers["Authorization"]
    found = counts((await client.get("/__admin/metrics")).text)
    labels = {label for _, label in found}
    assert {"2xx", "3xx", "4xx", "5xx", "200", "503"} <= labels
    assert len(labels) < 30
    assert 400 == sum(found.values())
