"""What a search looks for, read from its body.

Pure. A search that cannot be understood is refused under either profile: its result would be taken for the truth.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, get_args

from hivestand.handlers.errors import BadRequest, Detail, escaped
from hivestand.handlers.event.filters import (
    ABSENT,
    MAX_DOTS,
    MAX_PATH,
    Filter,
    Malformed,
    is_path,
    lookup,
    moment,
    read_filter,
    splits,
)
from hivestand.handlers.event.index import EARLIEST, LATEST, Property, Selection
from hivestand.handlers.event.normalise import Fallback, Json, unknown_of

DEFAULT_LIMIT: Final = 1000
MAX_FILTERS: Final = 100
MAX_PROJECTIONS: Final = 100
_FIELDS: Final = frozenset({"filters", "dateRange", "limit", "page", "ignore_order", "evaluation_id"})
_INDEXED: Final[Sequence[Property]] = get_args(Property)  # the most selective first
_RUN: Final = ("run_id", "evaluation_id")  # the keys in metadata that name the run of an experiment
_LAST_PAGE: Final = 10**12


class Form(NamedTuple):
    """How an operation spells a search.

    Attributes:
        most: the largest page.
        ends: the names of the two dates.
        typed: whether filters must name a type.
        is_export: whether it can return only some properties.
        others: what else it takes and ignores.
    """

    most: int
    ends: tuple[str, str]
    typed: bool
    is_export: bool = False
    others: Sequence[str] = ()


class Query(NamedTuple):
    """What to look for: of the selected events that match every filter, `limit` after the first `skip`.

    Attributes:
        selection: what the index can decide.
        filters: all filters that were sent.
        remaining: those that the index cannot decide.
        limit: the size of a page.
        skip: how many events come before the page.
        event_id: the one event that can match, where a filter names it.
        run: the run of an experiment, if it is asked for.
        projections: the only properties to return, None for all.
    """

    selection: Selection
    filters: Sequence[Filter]
    remaining: Sequence[Filter]
    limit: int
    skip: int
    event_id: str | None = None
    run: str | None = None
    projections: Sequence[str] | None = None

    @property
    def is_indexed(self) -> bool:
        """Whether the index alone decides."""
        return self.event_id is None and not self.remaining and self.run is None

    def may_hold(self, event: Mapping[str, Json]) -> bool:
        """Whether an event is of the period and the run; the filters are still to be tried."""
        if not self.selection.since <= event["start_time"] <= self.selection.until:
            return False
        return self.run is None or any(event["metadata"].get(name) == self.run for name in _RUN)


def read_query(body: Mapping[str, Json], form: Form) -> tuple[Query, Sequence[Fallback]]:
    """The query in a body, and its fallbacks.

    Raises:
        BadRequest: it cannot be understood; the details say where.
    """
    sent = {name: value for name, value in body.items() if value is not None}
    details: list[Detail] = []
    filters = _filters(sent.get("filters", []), form, details)
    since, until = _dates(sent.get("dateRange"), form, details)
    limit = _whole(sent, "limit", DEFAULT_LIMIT, form.most, details)
    page = _whole(sent, "page", 1, _LAST_PAGE, details)
    run = _run(sent, details)
    projections = _projections(sent.get("projections"), details) if form.is_export else None
    if details:
        raise BadRequest("Invalid search data", details)
    selection, remaining = _select(filters, since, until)
    event_id = next((each.value for each in filters if _names(each, "event_id")), None)
    query = Query(selection, filters, remaining, limit, (page - 1) * limit, event_id, run, projections)
    return query, _told(body, form)


def _filters(sent: Json, form: Form, details: list[Detail]) -> Sequence[Filter]:
    if not isinstance(sent, list):
        details.append(Detail("/filters", "type", "must be a list"))
        return ()
    if len(sent) > MAX_FILTERS:
        details.append(Detail("/filters", "maxItems", f"has more than {MAX_FILTERS} items"))
        return ()
    filters = []
    for place, each in enumerate(sent):
        try:
            filters.append(read_filter(each, typed=form.typed))
        except Malformed as error:
            details.append(error.detail._replace(pointer=f"/filters/{place}{error.detail.pointer}"))
    return filters


def _dates(sent: Json, form: Form, details: list[Detail]) -> tuple[int, int]:
    """The first and the last start time of the date range, Unix milliseconds."""
    if sent is None:
        return EARLIEST, LATEST
    if not isinstance(sent, dict):
        details.append(Detail("/dateRange", "type", "must be an object"))
        return EARLIEST, LATEST
    first, last = form.ends
    return math.ceil(_end(sent, first, EARLIEST, details)), math.floor(_end(sent, last, LATEST, details))


def _end(sent: Mapping[str, Json], name: str, default: int, details: list[Detail]) -> int | float:
    """One end of the date range; the default if it is missing."""
    if sent.get(name) is None:
        return default
    end = moment(sent[name])
    if end is None:
        details.append(Detail(f"/dateRange/{name}", "format", "must be a time in ISO 8601"))
    return default if end is None else end


def _whole(sent: Mapping[str, Json], name: str, default: int, most: int, details: list[Detail]) -> int:
    value = sent.get(name, default)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    details.append(Detail(f"/{name}", "maximum", f"must be a whole number from 1 to {most}"))
    return default


def _run(sent: Mapping[str, Json], details: list[Detail]) -> str | None:
    run = sent.get("evaluation_id")
    if run is not None and not isinstance(run, str):
        details.append(Detail("/evaluation_id", "type", "must be a string"))
    return run


def _projections(sent: Json, details: list[Detail]) -> Sequence[str] | None:
    if sent is None:
        return None
    if not isinstance(sent, list) or not all(isinstance(each, str) for each in sent):
        details.append(Detail("/projections", "type", "must be a list of strings"))
        return None
    if len(sent) > MAX_PROJECTIONS:
        details.append(Detail("/projections", "maxItems", f"has more than {MAX_PROJECTIONS} items"))
        return None
    for place, path in enumerate(sent):
        if not is_path(path):
            message = f"has more than {MAX_PATH} characters or {MAX_DOTS} dots"
            details.append(Detail(f"/projections/{place}", "maxLength", message))
    return sent


def _select(filters: Sequence[Filter], since: int, until: int) -> tuple[Selection, Sequence[Filter]]:
    """What the index can decide, and the filters that it cannot."""
    remaining = list(filters)
    selection = Selection()
    for name in _INDEXED:
        named = next((each for each in filters if _names(each, name)), None)
        if named is not None:
            remaining.remove(named)
            selection = Selection(name, (named.value,))
            break
    for each in filters:
        bounds = _bounds(each)
        if bounds is not None:
            remaining.remove(each)
            since, until = max(since, bounds[0]), min(until, bounds[1])
    if since > LATEST or until < EARLIEST:
        since, until = 1, 0  # the ranges do not overlap
    return selection._replace(since=max(since, EARLIEST), until=min(until, LATEST)), remaining


def _names(each: Filter, name: str) -> bool:
    return each.path == name and each.operator == "is" and each.type == "string" and not each.negated


def _bounds(each: Filter) -> tuple[int, int] | None:
    """The first and the last start time that a filter on `start_time` lets through; None for any other filter."""
    if each.path != "start_time" or each.negated or each.type not in {"number", "datetime"}:
        return None
    if each.operator in {"after", "greater than"}:
        return math.floor(each.value) + 1, LATEST
    if each.operator in {"before", "less than"}:
        return EARLIEST, math.ceil(each.value) - 1
    return (math.ceil(each.value), math.floor(each.value)) if each.operator == "is" else None


def _told(body: Mapping[str, Json], form: Form) -> Sequence[Fallback]:
    known = {*_FIELDS, *form.others, *(["projections"] if form.is_export else [])}
    dates = body.get("dateRange")
    beside = unknown_of(dates, form.ends) if isinstance(dates, dict) else []
    return [
        *unknown_of(body, known),
        *(fallback._replace(name=f"/dateRange/{escaped(fallback.name)}") for fallback in beside),
    ]


def projected(event: Mapping[str, Json], paths: Iterable[str]) -> dict[str, Json]:
    """The event with only the values at the given paths, each in its place."""
    kept: dict[str, Json] = {}
    for path in paths:
        _keep(event, path, kept)
    return kept


def _keep(event: Mapping[str, Json], path: str, kept: dict[str, Json]) -> None:
    if path in event:
        kept[path] = event[path]
        return
    for name, rest in splits(path):
        inner = event.get(name)
        if isinstance(inner, dict) and lookup(inner, rest) is not ABSENT:
            if kept.get(name) is not inner:  # all of it is kept already
                _keep(inner, rest, kept.setdefault(name, {}))
            return
