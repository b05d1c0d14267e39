"""What the requirements are about, by the beginning of their ids."""

from collections.abc import Mapping
from typing import Final

SUBJECTS: Final[Mapping[str, str]] = {
    "SES-ANS": "Sessions: the response",
    "SES-ID": "Sessions: ids",
    "SES-NAME": "Sessions: names",
    "SES-SRC": "Sessions: source",
    "SES-START": "Sessions: start time",
    "SES-END": "Sessions: end time",
    "SES-DUR": "Sessions: duration",
    "SES-OBJ": "Sessions: objects",
    "SES-CHILD": "Sessions: children",
    "SES-MERGE": "Sessions: a second post",
    "SES-RACE": "Sessions: posts at the same time",
    "SES-TENANT": "Sessions: tenants",
    "SES-LEAK": "Sessions: what one tenant sees of another",
    "SES-AUTH": "Sessions: tokens",
    "SES-BODY": "Sessions: bodies that are refused",
    "SES-HTTP": "Sessions: HTTP",
    "SES-ANY": "Sessions: whatever is sent",
    "SES-CLOCK": "Sessions: the clock",
    "SES-STRICT": "Sessions: the strict profile",
    "SES-LEG": "Sessions: the older path",
    "SES-ROUTE": "Sessions: paths",
    "EVT-NEW": "Events: creating one",
    "EVT-ADD": "Events: adding to a session",
    "EVT-BAT": "Events: batches",
    "EVT-UPD": "Events: updates",
    "EVT-GET": "Events: reading one",
    "EVT-FIND": "Events: searching and exporting",
    "EVT-SEEN": "Events: when they are seen",
    "EVT-SPAN": "Events: spans",
    "EVT-ANS": "Events: responses",
    "EVT-AUTH": "Events: tokens",
    "EVT-HTTP": "Events: HTTP",
    "EVT-ROUTE": "Events: paths",
    "EVT-STRICT": "Events: the strict profile",
    "OTLP-AUTO": "Spans: sessions that they create",
    "OTLP-CHAT": "Spans: messages",
    "OTLP-CHILD": "Spans: children",
    "OTLP-ERR": "Spans: errors",
    "OTLP-EVENT": "Spans: span events",
    "OTLP-LINK": "Spans: parents and sessions",
    "OTLP-MODEL": "Spans: models and tokens",
    "OTLP-OWN": "Spans: HoneyHive's own attributes",
    "OTLP-RES": "Spans: resource and scope",
    "OTLP-REST": "Spans: other attributes",
    "OTLP-TRACE": "Spans: trace and span ids",
    "OTLP-TYPE": "Spans: types of events",
    "AGG-COUNT": "Totals of a session: counts",
    "AGG-OWN": "Totals of a session: what a caller set",
    "AGG-SUM": "Totals of a session: tokens and cost",
    "AGG-TIME": "Totals of a session: times",
}


def subject_of(requirement: str) -> str:
    """The name of what a requirement is about, by its id; the beginning of the id where it has no name."""
    beginning = requirement.rpartition("-")[0]
    return SUBJECTS.get(beginning, beginning)
