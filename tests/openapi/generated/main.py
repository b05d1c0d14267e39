"""One session, one event and one search by each generated client, and the health by those of the admin API."""

import sys

import openapi_control
import openapi_honeyhive
from generated_control.api.server import get_health
from generated_control.client import Client as AdminClient
from generated_honeyhive.api.events import create_event
from generated_honeyhive.api.search import search_events
from generated_honeyhive.api.sessions import create_session
from generated_honeyhive.client import AuthenticatedClient
from generated_honeyhive.models import Event, EventEventType, EventInputs, Search, Session

url, token = sys.argv[1:]

# openapi-python-client
client = AuthenticatedClient(base_url=url, token=token)
started = create_session.sync(client=client, body=Session(session_name="client"))
assert started.event_name == "client", started
inputs = EventInputs.from_dict({"a": 1})
event = Event(event_type=EventEventType.TOOL, inputs=inputs, session_id=str(started.session_id))
created = create_event.sync(client=client, body=event)
assert created.success is True, created
assert search_events.sync(client=client, body=Search(limit=10)).count == 2
assert get_health.sync(client=AdminClient(base_url=f"{url}/__admin")).ready is True

# openapi-generator
configuration = openapi_honeyhive.Configuration(host=url, access_token=token)
with openapi_honeyhive.ApiClient(configuration) as api:
    session = openapi_honeyhive.SessionsApi(api).create_session(openapi_honeyhive.Session(session_name="generator"))
    assert session.event_name == "generator", session
    sent = openapi_honeyhive.Event(event_type="tool", inputs={"a": 1}, session_id=str(session.session_id))
    assert openapi_honeyhive.EventsApi(api).create_event(sent).success is True
    found = openapi_honeyhive.SearchApi(api).search_events(openapi_honeyhive.Search(limit=10))
    assert found.count == 4, found
    update = openapi_honeyhive.Update(metadata={"a": {}})
    updated = openapi_honeyhive.EventsApi(api).update_event(str(session.event_id), update)
    assert updated.success is True
with openapi_control.ApiClient(openapi_control.Configuration(host=f"{url}/__admin")) as api:
    assert openapi_control.ServerApi(api).get_health().ready is True
sys.stdout.write("all clients were served\n")
