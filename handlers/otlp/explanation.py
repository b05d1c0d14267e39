"""Explain what became of a span: for each attribute where it went, by which row of the table, and what was reported."""

from collections.abc import Iterator, Sequence
from typing import Any

from hivestand.handlers.event.normalise import Json
from hivestand.handlers.otlp.decoding import Span
from hivestand.handlers.otlp.mapping import EventIds, Mapped, Placement, children_of, event_of, unusable
from hivestand.handlers.otlp.table import Row

Explanation = dict[str, Any]


def explained(spans: Sequence[Span]) -> Iterator[Explanation]:
    """The explanation of each span of a request; of one that cannot be used, why."""
    usable = [span for span in spans if not unusable(span)]
    ids = EventIds(usable)
    children = children_of(usable, ids)
    for span in spans:
        about = {"trace_id": span.trace_id, "span_id": span.span_id, "name": span.name}
        if reason := unusable(span):
            yield {"span": about, "rejected": reason}
        else:
            yield {"span": about, **_explanation(span, event_of(span, ids, children, _never, is_explained=True))}


def _never() -> int:
    """The time of a span that has none."""
    return 0


def _explanation(span: Span, mapped: Mapped) -> Explanation:
    event = mapped.event
    return {
        "event_id": event["event_id"],
        "event_type": {"value": event["event_type"], "rule": mapped.type_rule},
        "attributes": [
            {"attribute": name, "to": places, "row": row} for name, places, row in _merged(span, mapped.placed)
        ],
        "reported": [{"name": name, "reason": reason} for name, reason in mapped.told],
        "event": event,
    }


def _merged(span: Span, placed: Sequence[Placement]) -> Iterator[tuple[str, list[str], dict[str, Json] | None]]:
    """Each attribute once, in the order in which it was sent, with all its places; members of one are its own."""
    for name in {**span.attributes, **span.scope.attributes}:
        own = [each for each in placed if each.attribute == name or each.attribute.startswith(f"{name}.")]
        own = [each for each in own if each.attribute == name or each.attribute not in span.attributes]
        row = next((each.row for each in own if each.row is not None), None)
        yield name, list(dict.fromkeys(each.place for each in own if each.place)), None if row is None else _shown(row)


def _shown(row: Row) -> dict[str, Json]:
    """A row as the table has it."""
    shown = {"from": row.source, "of": " ".join(row.of), "to": row.to, "by": row.way, "known": row.known}
    return {name: text for name, text in shown.items() if text}
