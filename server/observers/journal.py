"""Tell the journal of each exchange."""

import logging

from hivestand.handlers.errors import Unauthorized
from hivestand.handlers.request import ANONYMOUS
from hivestand.handlers.store.journal import pack
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.tenant import Tenant
from hivestand.server.exchange import Exchange
from hivestand.server.http.cors import is_control
from hivestand.server.http.response import Reply
from hivestand.server.keys import Keys

_ANSWERED = frozenset({None, "truncate"})
_log = logging.getLogger(__name__)


class Recorder:
    """Keeps an entry of every request to the mocked API; hivestand's own operations are not in the journal."""

    def __init__(self, store: Store, keys: Keys) -> None:
        """Write to the store's journal; `keys` tell whose an entry is."""
        self._store = store
        self._keys = keys

    def __call__(self, exchange: Exchange, reply: Reply) -> None:
        """Keep an entry; should that fail, the request does not."""
        if not self._store.journal.is_on or is_control(exchange.path):
            return
        try:
            tenant = exchange.tenant or self._tenant(exchange)
            self._store.journal.add(tenant, _packed(exchange, reply))
        except Exception:  # noqa: BLE001 - whatever it is, the client gets its answer
            _log.exception("a request that the journal could not take")

    def _tenant(self, exchange: Exchange) -> Tenant:
        """Who asked, where it was not looked at: for a path that there is not. Nobody's entries are the admin's."""
        try:
            return self._keys.authenticate(dict(exchange.headers).get(b"authorization"))
        except Unauthorized:
            return ANONYMOUS


def _packed(exchange: Exchange, reply: Reply) -> bytes:
    is_answered = reply.ending in _ANSWERED
    fallbacks = ""
    for name, value in reply.headers:
        if name == b"hivestand-fallbacks":
            fallbacks = value.decode("latin-1")
    about = (
        exchange.time,
        exchange.duration,
        exchange.method,
        exchange.path,
        exchange.query.decode("latin-1"),
        exchange.operation,
        exchange.profile,
        reply.status if is_answered else None,
        fallbacks,
        exchange.faults,
    )
    answered = [(b"content-type", reply.media_type), *reply.headers] if is_answered else []
    return pack(about, exchange.headers, exchange.body, answered, reply.body if is_answered else b"")
