"""Evaluates the calls that it is told, a line each, with the released Python SDK, and answers with JSON.

The first word of a line is the key of the tenant that calls. Each line has `client` and, of the generated services,
`events`, `sessions`, their asynchronous twins and `models`, with `config` to point them here.
"""

import asyncio
import json
import os
import sys
from typing import Any

from honeyhive import HoneyHive
from honeyhive import models as facade
from honeyhive._generated import models
from honeyhive._generated.api_config import APIConfig
from honeyhive._generated.services import (
    Events_service,
    Sessions_service,
    async_Events_service,
    async_Sessions_service,
)


def shown(value: Any) -> Any:
    """A value as JSON has it, with no more than was answered."""
    if isinstance(value, list):
        return [shown(each) for each in value]
    return value.model_dump(mode="json", by_alias=True, exclude_unset=True) if hasattr(value, "model_dump") else value


for line in sys.stdin:
    key, _, expression = line.partition(" ")
    scope = {
        "client": HoneyHive(api_key=key, server_url=os.environ["URL"]),
        "config": APIConfig(base_path=os.environ["URL"], access_token=key),
        "events": Events_service,
        "sessions": Sessions_service,
        "async_events": async_Events_service,
        "async_sessions": async_Sessions_service,
        "models": models,
        "facade": facade,
        "run": asyncio.run,
    }
    try:
        response = {"answer": shown(eval(expression, scope))}  # noqa: S307 - the test's own words
    except Exception as error:  # noqa: BLE001 - the test is told of any
        response = {"error": f"{type(error).__name__}: {error}"}
    print("told:" + json.dumps(response), flush=True)  # noqa: T201
