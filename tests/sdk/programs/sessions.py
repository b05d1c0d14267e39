"""The tracer's own calls on sessions and events; prints the ids that they gave, by name."""

import asyncio
import json
import sys

from honeyhive import HoneyHiveTracer, enrich_span, trace

tracer = HoneyHiveTracer.init(session_name="first", source="ci", disable_batch=True)
given, brought, own = sys.argv[1:]
ids = {"first": tracer.session_id}


def span(name: str) -> None:
    """A span of the session that is current."""
    with tracer.start_span(name):
        pass


@trace(event_type="tool", event_name="the SDK's own", event_id=own)
def named() -> None:
    """A traced function whose event has an id of its own."""
    span("within it")


span("in the first")
ids["second"] = tracer.create_session("second", inputs={"i": 1}, metadata={"m": 1}, user_properties={"u": 1})
span("in the second")
with tracer.with_session("third"):
    span("in the third")
tracer.create_session("given", session_id=given)
span("in the given")
tracer.create_session("brought", session_id=brought, skip_api_call=True)
span("in the brought")
ids["fifth"] = asyncio.run(tracer.acreate_session("fifth"))
ids["last"] = tracer.session_start()
ids["event"] = tracer.create_event("told", inputs={"i": 1}, metadata={"m": 1}, metrics={"x": 1})
tracer.enrich_span(event_id=ids["event"], metadata={"n": 2}, metrics={"y": 2}, feedback={"f": 1}, outputs={"o": 1})
enrich_span(event_id=ids["event"], user_properties={"u": 1}, config={"c": 1})
named()
tracer.flush()
print(json.dumps(ids))  # noqa: T201
