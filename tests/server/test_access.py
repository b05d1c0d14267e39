"""Who may use the admin API."""

import httpx
import pytest
from support import FOREIGN_HOSTS, TOKEN, running

from hivestand.server.access import AdminAccess
from hivestand.server.auth import Keys
from hivestand.server.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["requests", "sessions", "settings", "version", "tenants"])
async def test_a_foreign_host_is_refused(client: httpx.AsyncClient, host: str, path: str) -> None:
    """Its page may have had its name lead here."""
    for port in ("", ":4010"):
        response = await client.get(f"/__admin/{path}", headers={"Host": host + port})
        assert (403, "FORBIDDEN") == (response.status_code, response.json()["errorCode"])


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "http://localhost.evil.example"]
)
async def test_a_foreign_origin_is_refused(client: httpx.AsyncClient, origin: str) -> None:
    """A page of this server's own is not."""
    assert (await client.get("/__admin/requests", headers={"Origin": origin})).status_code == 403
    assert (await client.get("/__admin/requests", headers={"Origin": "http://localhost"})).status_code == 200


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_changes_are_declared_as_json(client: httpx.AsyncClient, content_type: str | None) -> None:
    """A page could send anything else without being asked."""
    headers = {"Content-Type": content_type} if content_type else {}
    for method, path in (("POST", "reset"), ("POST", "faults"), ("PUT", "clock"), ("POST", "requests/verify")):
        response = await client.request(method, f"/__admin/{path}", content=b"{}", headers=headers)
        assert response.status_code == 415


async def test_the_bad_token_is_refused(client: httpx.AsyncClient) -> None:
    """Here as everywhere."""
    for authorization in ("Bearer invalid", "Basic x", "Bearer "):
        response = await client.get("/__admin/requests", headers={"Authorization": authorization})
        assert response.status_code == 401


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - it is what is tried
def test_an_admin_token_is_needed_where_there_is_one(host: str) -> None:
    """On loopback too."""
    with running("--host", host, "--admin-token", "root") as server:
        url = f"http://127.0.0.1:{server.address[1]}/__admin"
        server_post = httpx.post(f"http://127.0.0.1:{server.address[1]}/v1/sessions", json={}, headers=bearer(TOKEN))
        assert server_post.status_code == 200
        assert httpx.get(f"{url}/sessions").status_code == 401
        assert len(httpx.get(f"{url}/sessions", headers=bearer("root")).json()["sessions"]) == 1
        assert httpx.get(f"{url}/sessions", headers=bearer("roots")).json()["sessions"] == []
        assert httpx.get(f"{url}/health").status_code == 200


def test_a_public_server_makes_up_an_admin_token(tmp_path_factory: pytest.TempPathFactory) -> None:
    """And says it once."""
    said = tmp_path_factory.mktemp("said") / "stderr"
    with said.open("w") as stderr, running("--host", "0.0.0.0", stderr=stderr) as server:  # noqa: S104 - it is what is tried
        url = f"http://127.0.0.1:{server.address[1]}/__admin/tenants"
        token = said.read_text(encoding="utf-8").split()[-1]
        assert len(token) >= 32
        assert [401, 200] == [httpx.get(url, headers=headers).status_code for headers in ({}, bearer(token))]


def test_nobody_is_the_admin_of_a_public_server_without_a_token() -> None:
    """However the application was built."""
    access = AdminAccess(Settings(host="0.0.0.0"), Keys())  # noqa: S104 - it is what is tried
    with pytest.raises(Exception, match="Missing bearer token"):
        access.authenticate(None)


def bearer(token: str) -> dict[str, str]:
    """Its header."""
    return {"Authorization": f"Bearer {token}"}
