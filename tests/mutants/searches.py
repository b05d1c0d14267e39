"""Searches and spans, gone wrong."""

import re
from collections.abc import Callable
from uuid import uuid4

from hivestand.handlers.event.normalise import Json
from mutants.events import SEARCHING, spans
from mutants.mutant import Group, Patch, bodies, members, responses, rounded, texts, wire

mutant = Group("searches")
Body = dict[str, Json]
SEARCH, EXPORT = SEARCHING


def listed(change: Callable[[list[Body]], list[Body]], *operations: str) -> Patch:
    """Other events in the responses, or in another order."""
    return responses(lambda body: {**body, "events": change(body["events"])}, operations or SEARCHING)


def filters(change: Callable[[Body], Body], *operations: str) -> Patch:
    """Other filters, but for that of the session."""

    def changed(body: Body) -> Body:
        sent = body.get("filters")
        if not isinstance(sent, list):
            return body
        return {
            **body,
            "filters": [
                change(each) if isinstance(each, dict) and each.get("field") != "session_id" else each for each in sent
            ],
        }

    return bodies(changed, *(operations or SEARCHING))


def _is_another(each: Json) -> bool:
    return isinstance(each, dict) and each.get("field") != "session_id"


def dates(change: Callable[[str], Json]) -> Patch:
    """Other dates."""
    return bodies(
        lambda body: (
            {**body, "dateRange": texts(change)(body["dateRange"])} if isinstance(body.get("dateRange"), dict) else body
        ),
        *SEARCHING,
    )


mutant("nothing-is-found", "EVT-SEEN-02")(lambda: listed(lambda _: []))
mutant("an-export-finds-nothing", "EVT-SEEN-02")(lambda: listed(lambda _: [], EXPORT))
mutant("the-first-is-not-found", "EVT-FIND-01")(lambda: listed(lambda events: events[1:]))
mutant("found-without-its-metadata", "EVT-FIND-01")(
    lambda: listed(lambda events: [{**each, "metadata": {}} for each in events])
)
mutant("times-are-found-in-seconds", "EVT-FIND-01")(
    lambda: listed(
        lambda events: [
            {**each, "start_time": each["start_time"] // 1000} if "start_time" in each else each for each in events
        ]
    )
)
mutant("by-name", "EVT-FIND-13")(
    lambda: listed(lambda events: sorted(events, key=lambda each: str(each.get("event_name"))), SEARCH)
)
mutant("a-search-is-first-come-first", "EVT-FIND-13")(lambda: listed(lambda events: events[::-1], SEARCH))
mutant("an-export-is-first-come-first", "EVT-FIND-14")(lambda: listed(lambda events: events[::-1], EXPORT))
mutant("ten-is-the-least-page", "EVT-FIND-15")(
    lambda: bodies(
        lambda body: {**body, "limit": max(10, body["limit"])} if body.get("limit") in range(1, 10) else body,
        *SEARCHING,
    )
)
mutant("one-more-on-a-page", "EVT-FIND-15")(
    lambda: bodies(lambda body: {**body, "limit": 3} if body.get("limit") == 2 else body, *SEARCHING)
)
mutant("export-of-one-page", "EVT-FIND-02")(lambda: bodies(lambda body: {**body, "page": 1}, EXPORT))
mutant("the-largest-page-is-refused", "EVT-FIND-05")(
    lambda: wire(lambda call, reply: reply.but(status=400) if b'"limit": 1000' in call.body else reply)
)
mutant("untyped-filters-are-of-strings", "EVT-FIND-17")(
    lambda: filters(
        lambda each: each if "type" in each else {**each, "type": "string", "value": str(each["value"])}, SEARCH
    )
)
mutant("untyped-filters-are-refused", "EVT-FIND-17")(lambda: filters(lambda each: {"type": "none", **each}, SEARCH))
mutant("offsets-are-left-out", "EVT-FIND-18")(lambda: dates(lambda text: re.sub(r"[+-]\d\d:\d\d$", "Z", text)))
mutant("dates-are-of-days", "EVT-FIND-08")(lambda: dates(lambda text: text[:11] + "00:00:00Z"))
mutant("dates-are-of-seconds", "EVT-FIND-08")(lambda: dates(lambda text: re.sub(r"\.\d+", "", text)))
mutant("order-is-ignored-where-that-is-asked-for", "EVT-FIND-19")(
    lambda: bodies(lambda body: {**body, "limit": 1} if body.get("ignore_order") else body, SEARCH)
)
mutant("ignore-order-is-refused", "EVT-FIND-19")(
    lambda: wire(
        lambda call, reply: (
            reply.but(status=400) if "search" in call.path and b'"ignore_order": true' in call.body else reply
        )
    )
)
mutant("paths-have-one-dot", "EVT-FIND-06")(
    lambda: filters(lambda each: {**each, "field": ".".join(str(each.get("field")).split(".")[:2])})
)
mutant("numbers-are-compared-as-texts", "EVT-FIND-06")(
    lambda: filters(
        lambda each: (
            {**each, "operator": "is", "value": 10}
            if (each.get("operator"), each.get("value")) == ("less than", 9)
            else each
        )
    )
)
mutant("greater-is-or-equal", "EVT-FIND-06")(
    lambda: filters(
        lambda each: (
            {**each, "value": each["value"] - 0.001}
            if each.get("operator") == "greater than" and isinstance(each.get("value"), int | float)
            else each
        )
    )
)
mutant("less-is-or-equal", "EVT-FIND-06")(
    lambda: filters(
        lambda each: (
            {**each, "value": each["value"] + 0.001}
            if each.get("operator") == "less than" and isinstance(each.get("value"), int | float)
            else each
        )
    )
)
mutant("the-last-filter-wins", "EVT-FIND-07")(
    lambda: bodies(
        lambda body: (
            {**body, "filters": [*body["filters"][:1], *body["filters"][1:][-1:]]}
            if isinstance(body.get("filters"), list)
            else body
        ),
        *SEARCHING,
    )
)


def again_is_another() -> Patch:
    """No span is known again."""
    return spans(lambda event: {**event, "event_id": str(uuid4())})


mutant("a-span-again-is-another", "EVT-SPAN-06")(again_is_another)
mutant("integers-of-spans-are-text", "EVT-SPAN-07")(
    lambda: spans(members(lambda value: str(value) if type(value) is int and value > 2**52 else value))
)
mutant("integers-of-spans-are-rounded", "EVT-SPAN-07")(lambda: spans(members(rounded)))
mutant("truth-of-spans-is-text", "EVT-SPAN-07")(
    lambda: spans(members(lambda value: str(value).lower() if isinstance(value, bool) else value))
)
mutant("texts-of-spans-are-numbers", "EVT-SPAN-07")(
    lambda: spans(members(lambda value: int(value) if isinstance(value, str) and value.isdecimal() else value))
)
