"""What a repeated post of an event could not change.

Pure. A second post of an event merges its `metadata` and `user_properties`; any other value that differs from the one
that is stored has no effect, and its sender is told.
"""

from collections.abc import Collection, Mapping
from typing import Final

from hivestand.handlers.event.encoding import EncodedEvent, current, loads
from hivestand.handlers.event.normalise import Fallback, Json

_SOURCES: Final = {"event_name": ("event_name", "session_name")}  # the names under which a property is sent
_MERGED: Final = frozenset({"metadata", "user_properties"})


def differences(made: EncodedEvent, stored: EncodedEvent) -> dict[str, tuple[Json, Json]]:
    """The properties of an event that was posted again, beside those that merge, that are stored with other values.

    Each with the value that was sent, and the one that is stored.
    """
    if stored == made:
        return {}
    event: Mapping[str, Json] = loads(made.packed)
    held: Mapping[str, Json] = loads(current(_without_merging(stored)))
    return {name: (value, held[name]) for name, value in event.items() if name not in _MERGED and held[name] != value}


def _without_merging(event: EncodedEvent) -> EncodedEvent:
    """The event without what was merged into its metadata and user properties, which may be much."""
    return event._replace(merged={field: each for field, each in event.merged.items() if field[:1] not in b"mu"})


def kept_of(
    sent: Collection[str], told: Collection[Fallback], made: EncodedEvent, stored: EncodedEvent
) -> list[Fallback]:
    """The fallbacks of the properties that a repeated post sent and that are stored with other values.

    `sent` are the names that were sent, `told` are the fallbacks so far, `made` is what was made of them.
    """
    known = {each.name for each in told}
    differing = differences(made, stored)
    names = (next((each for each in _SOURCES.get(name, (name,)) if each in sent), "") for name in differing)
    return [Fallback(name, "exists") for name in names if name and name not in known]
