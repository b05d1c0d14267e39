"""A program that is traced by the SDK of OpenTelemetry, with the vocabulary that its argument says.

It talks to a stand-in for a model, calls a tool that the model asks for, and fails once. `OTLP_URL`, `OTLP_TOKEN` and
`LLM_URL` say where; `SESSION` is the id of the session.
"""

import os
import sys
from typing import Any

from openai import InternalServerError, OpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

VOCABULARY = sys.argv[1]
QUESTION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather in Oslo?"}]
TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "description": "d", "parameters": {"type": "object"}}}
]

session = {"honeyhive.session_id": os.environ["SESSION"], "honeyhive.session_auto_create": True}
provider = TracerProvider(resource=Resource.create({**session, "service.name": "traced"}))
headers = {"Authorization": f"Bearer {os.environ['OTLP_TOKEN']}"}
exporter = OTLPSpanExporter(endpoint=f"{os.environ['OTLP_URL']}/opentelemetry/v1/traces", headers=headers)
provider.add_span_processor(BatchSpanProcessor(exporter))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("program", "1.0")
model = OpenAI(base_url=os.environ["LLM_URL"], api_key="none", max_retries=0)

if VOCABULARY == "openinference":
    from openinference.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument(tracer_provider=provider)
elif VOCABULARY == "openllmetry":
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument(tracer_provider=provider)

CHAIN = {
    "openinference": {"openinference.span.kind": "CHAIN"},
    "openllmetry": {"traceloop.span.kind": "workflow"},
    "genai": {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Weather"},
    "honeyhive": {"honeyhive_event_type": "chain"},
}
TOOL = {
    "openinference": {"openinference.span.kind": "TOOL", "tool.name": "get_weather", "input.value": '{"city": "Oslo"}'},
    "openllmetry": {"traceloop.span.kind": "tool", "traceloop.entity.input": '{"city": "Oslo"}'},
    "genai": {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather"},
    "honeyhive": {"honeyhive_event_type": "tool", "honeyhive_inputs.city": "Oslo"},
}


def chat(messages: list[dict[str, Any]]) -> Any:
    """Ask the model; the vocabularies without an instrumentation write their spans themselves."""
    if VOCABULARY in ("openinference", "openllmetry"):
        return model.chat.completions.create(model="gpt-4o", messages=messages, tools=TOOLS)
    with tracer.start_as_current_span("chat gpt-4o") as span:
        reply = model.chat.completions.create(model="gpt-4o", messages=messages, tools=TOOLS)
        choice = reply.choices[0]
        if VOCABULARY == "genai":
            write_genai(span, messages, reply, choice)
        else:
            write_honeyhive(span, messages, reply, choice)
        return reply


def write_genai(span: trace.Span, messages: list[dict[str, Any]], reply: Any, choice: Any) -> None:
    """As the conventions of OpenTelemetry have it, with messages as events."""
    span.set_attribute("gen_ai.operation.name", "chat")
    span.set_attribute("gen_ai.system", "openai")
    span.set_attribute("gen_ai.request.model", "gpt-4o")
    span.set_attribute("gen_ai.response.model", reply.model)
    span.set_attribute("gen_ai.usage.input_tokens", reply.usage.prompt_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", reply.usage.completion_tokens)
    for message in messages:
        span.add_event(f"gen_ai.{message['role']}.message", {"content": message["content"]})
    span.add_event("gen_ai.choice", {"message": choice.message.content or "", "finish_reason": choice.finish_reason})


def write_honeyhive(span: trace.Span, messages: list[dict[str, Any]], reply: Any, choice: Any) -> None:
    """As HoneyHive's own attributes are."""
    span.set_attribute("honeyhive_event_type", "model")
    span.set_attribute("honeyhive_config.model", "gpt-4o")
    for number, message in enumerate(messages):
        for name, value in message.items():
            span.set_attribute(f"honeyhive_inputs.chat_history.{number}.{name}", value)
    span.set_attribute("honeyhive_outputs.role", choice.message.role)
    span.set_attribute("honeyhive_outputs.content", choice.message.content or "")
    span.set_attribute("honeyhive_metadata.prompt_tokens", reply.usage.prompt_tokens)
    span.set_attribute("honeyhive_metadata.completion_tokens", reply.usage.completion_tokens)


with tracer.start_as_current_span("agent", attributes=CHAIN[VOCABULARY]):
    chat(QUESTION)
    with tracer.start_as_current_span("get_weather", attributes=TOOL[VOCABULARY]):
        pass
    chat([*QUESTION, {"role": "assistant", "content": "Wait."}])
    try:
        model.chat.completions.create(model="broken", messages=QUESTION)
    except InternalServerError as error:
        if VOCABULARY in ("genai", "honeyhive"):
            with tracer.start_as_current_span("chat broken") as span:
                span.set_attribute("gen_ai.request.model", "broken")
                span.record_exception(error)
                span.set_status(trace.StatusCode.ERROR, str(error))
provider.shutdown()
