"""The operation `listProjectsLegacy`: older clients check their key with it, and look up the id of a project."""

import orjson

from hivestand.handlers.request import Request, Response

DEFAULT_NAME = "hivestand"


async def list_projects_legacy(request: Request) -> Response:
    """List the one project of the token, under the name that was asked for."""
    ids = orjson.loads(b"{%b}" % request.tenant.ids)
    name = request.parameters.get("name", DEFAULT_NAME)
    project_id = ids["project_id"]
    project = {"id": project_id, "_id": project_id, "name": name, "type": "project", "is_active": True}
    return Response(orjson.dumps([project]))
