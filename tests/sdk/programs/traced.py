"""A program that is traced as HoneyHive's documentation shows: it knows of no server but what its environment says.

Run as `traced.py batch` or `traced.py single`; it prints the id of its session.
"""

import asyncio
import contextvars
import sys
import threading
from typing import Any

from honeyhive import HoneyHiveTracer, atrace, enrich_session, enrich_span, trace, trace_class

tracer = HoneyHiveTracer.init(
    session_name="a traced program", source="ci", inputs={"question": "why?"}, disable_batch=sys.argv[1] == "single"
)


@trace(event_type="tool", event_name="lookup")
def lookup(word: str, *, limit: int = 3, options: Any = None, hint: str | None = None) -> list[str]:  # noqa: D103
    enrich_span(
        metadata={"store": "books", "deep": {"list": [1, {"x": [True, "b"]}]}, "with space": "ü"},
        metrics={"hits": 2, "score": 0.5, "good": True},
        feedback={"rating": 5},
        config={"k": 1},
        user_properties={"plan": "free"},
    )
    return ["a", "b"]


@trace(event_type="model", event_name="completion")
def complete(prompt: str, n: int = 1) -> dict[str, Any]:  # noqa: D103
    tracer.enrich_span(
        config={"model": "m", "temperature": 0.25},
        inputs={"chat_history": [{"role": "user", "content": prompt}]},
        outputs={"text": "done"},
        metadata={"tokens": 2**53 + 1},
        metrics={"cost": 1e-7},
    )
    return {"role": "assistant", "content": prompt.upper(), "n": n}


@trace(event_type="tool", event_name="breaks")
def breaks(reason: str) -> None:  # noqa: D103
    raise ValueError(reason)


@trace(event_type="tool")
def square(n: int) -> int:  # noqa: D103
    return n * n


@trace_class
class Greeter:  # noqa: D101
    def greet(self, name: str) -> str:  # noqa: D102
        return f"hello {name}"


@atrace(event_type="tool", event_name="fetch")
async def fetch(n: int) -> float:  # noqa: D103
    await asyncio.sleep(0)
    return n / 2


@atrace(event_type="chain", event_name="gather")
async def gather(numbers: list[int]) -> list[float]:  # noqa: D103
    return await asyncio.gather(*(fetch(n) for n in numbers))


@trace(event_type="chain", event_name="pipeline")
def pipeline(question: str) -> str:  # noqa: D103
    lookup(question, limit=2, options={"deep": [1, None]})
    complete("yes", n=2)
    try:
        breaks("no such word")
    except ValueError:
        in_thread(contextvars.copy_context().run, square, 3)
    asyncio.run(gather([1, 2]))
    with tracer.start_span("by hand", attributes={"plain": 1, "parts": ["x", "y"]}):
        tracer.enrich_span(metadata={"hand": True}, error="handmade")
    return "because"


def in_thread(call: Any, *arguments: Any) -> None:  # noqa: D103
    thread = threading.Thread(target=call, args=arguments)
    thread.start()
    thread.join()


pipeline("why?")
in_thread(square, 5)  # without its context, so that the span is the first of a trace of its own
Greeter().greet("you")
tracer.enrich_session(
    metadata={"done": True, "count": 1},
    metrics={"spans": 13},
    feedback={"ok": True},
    outputs={"answer": 42},
    config={"c": [1]},
    user_properties={"user_id": "u1"},
)
enrich_session(tracer.session_id, {"count": 2})
tracer.create_event("told", event_type="tool", inputs={"i": 1}, outputs={"o": 2}, metadata={"m": 3}, error="oops")
tracer.flush()
print(tracer.session_id)  # noqa: T201
