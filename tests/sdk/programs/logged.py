"""A program that logs with `honeyhive-logger`; it prints the id of its session, and that of its event."""

import os

from honeyhive_logger import log, start, update

where = {"server_url": os.environ["HH_API_URL"]}
session_id = start(
    api_key=os.environ["HH_API_KEY"], project="p", session_name="logged", inputs={"a": 1}, metadata={"b": 2}, **where
)
event_id = log(
    session_id=session_id,
    event_name="complete",
    event_type="model",
    api_key=os.environ["HH_API_KEY"],
    project="p",
    config={"model": "m"},
    inputs={"q": "why?"},
    outputs={"a": "so"},
    duration_ms=12,
    **where,
)
update(event_id=event_id, api_key=os.environ["HH_API_KEY"], feedback={"rating": 5}, **where)
print(session_id, event_id)  # noqa: T201 - the test reads it
