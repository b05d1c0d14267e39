"""What it takes to see a finding again: the requests that led to it, in the order in which they were sent."""

import re
from collections.abc import Sequence
from typing import Final

from hivestand.conformance.exchange import Exchange
from hivestand.conformance.operations import ADDING, BATCHES, CREATING, SESSIONS, UPDATING
from hivestand.conformance.requirement import Finding
from hivestand.openapi.formats import UUID

MOST: Final = 30  # exchanges of a finding; an id that more requests name is shared, and only the first of them matters
_WRITES: Final = frozenset({*SESSIONS, *CREATING, *ADDING, *BATCHES, *UPDATING, "exportTraces"})
_UUID: Final = re.compile(UUID)


class Record:
    """The exchanges of a run by the ids that they name."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        """Look through the exchanges once."""
        self._places = {id(exchange): place for place, exchange in enumerate(exchanges)}
        self._exchanges = exchanges
        self._writes: dict[str, list[int]] = {}  # places, by the id that is named there
        for place, exchange in enumerate(exchanges):
            if exchange.request.operation in _WRITES:
                for name in _ids_of(exchange):
                    self._writes.setdefault(name, []).append(place)

    def with_all(self, finding: Finding) -> Finding:
        """The finding with every request that reproduces it.

        These are its own evidence, the earlier writes to the sessions and events that it names, and to those that
        these writes name.
        """
        own = [self._places[id(exchange)] for exchange in finding.evidence if id(exchange) in self._places]
        if len(own) < len(finding.evidence) or not own:
            return finding
        found, waiting, known = set(own), list(own), set[str]()
        while waiting:
            place = waiting.pop()
            for name in _ids_of(self._exchanges[place]) - known:
                known.add(name)
                earlier = [other for other in self._writes.get(name, ()) if other < max(own)]
                new = set(earlier if len(earlier) <= MOST else earlier[:1]) - found
                found |= new
                waiting += new
        kept = sorted({*sorted(found)[:MOST], *own})
        return finding._replace(evidence=tuple(self._exchanges[place] for place in kept))


def _ids_of(exchange: Exchange) -> frozenset[str]:
    """The ids that a request names, and those that the server gave to what it made."""
    request, response = exchange.request, exchange.response
    given = (response.event.get(name) for name in ("session_id", "event_id"))
    body = (request.body or b"").decode(errors="replace")
    text = " ".join([request.path, body, *(value for value in given if isinstance(value, str))])
    return frozenset(_UUID.findall(text.lower()))
