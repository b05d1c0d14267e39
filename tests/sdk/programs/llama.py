"""A program whose callbacks are those of `llama-index-callbacks-honeyhive`; it prints the id of its session."""

import os

from llama_index.callbacks.honeyhive import honeyhive_callback_handler
from llama_index.core.callbacks import CallbackManager, CBEventType, EventPayload

handler = honeyhive_callback_handler(project="p", name="llama", source="ci", api_key=os.environ["HH_API_KEY"])
handler._base_url = os.environ["HH_API_URL"]  # noqa: SLF001 - the handler has no option for it
manager = CallbackManager([handler])
with manager.as_trace("query"), manager.event(CBEventType.QUERY, payload={EventPayload.QUERY_STR: "why?"}) as query:
    with manager.event(CBEventType.RETRIEVE, payload={EventPayload.QUERY_STR: "why?"}) as retrieve:
        retrieve.on_end(payload={EventPayload.NODES: []})
    query.on_end(payload={EventPayload.RESPONSE: "so"})
print(handler.session_id)  # noqa: T201 - the test reads it
