"""Tell the journal of each exchange."""

import logging

from skep.handlers.errors import Unauthorized
from skep.handlers.journal import Entry, pack
from skep.handlers.request import ANYONE
from skep.handlers.store import Store
from skep.handlers.tenant import Tenant
from skep.server.auth import authenticate
from skep.server.cors import is_control
from skep.server.exchange import Exchange
from skep.server.response import Reply

_log = logging.getLogger(__name__)


class Recorder:
    """Keeps an entry of every request to the mocked API; skep's own operations are not in the journal."""

    def __init__(self, store: Store) -> None:
        """Write to the store's journal."""
        self._store = store

    def __call__(self, exchange: Exchange, reply: Reply) -> None:
        """Keep an entry; should that fail, the request does not."""
        if not self._store.journal.is_on or is_control(exchange.scope["path"]):
            return
        try:
            tenant = exchange.tenant or _tenant(exchange)
            self._store.journal.add(tenant, pack(_entry(exchange, reply)))
        except Exception:  # noqa: BLE001 - whatever it is, the client gets its answer
            _log.exception("a request that the journal could not take")


def _tenant(exchange: Exchange) -> Tenant:
    """Who asked, where it was not looked at: for a path that there is not. Nobody's entries are there for the admin."""
    try:
        return authenticate(dict(exchange.scope["headers"]).get(b"authorization"))
    except Unauthorized:
        return ANYONE


def _entry(exchange: Exchange, reply: Reply) -> Entry:
    scope = exchange.scope
    fallbacks = next((value for name, value in reply.headers if name == b"skep-fallbacks"), b"")
    answered = reply.ending in {None, "truncate"}
    return Entry(
        time=exchange.time,
        duration=exchange.duration,
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        operation=exchange.operation,
        profile=exchange.profile,
        status=reply.status if answered else None,
        fallbacks=fallbacks.decode("latin-1"),
        faults=exchange.faults,
        request_headers=scope["headers"],
        request_body=exchange.body,
        answer_headers=[(b"content-type", reply.media_type), *reply.headers] if answered else (),
        answer_body=reply.body if answered else b"",
    )
