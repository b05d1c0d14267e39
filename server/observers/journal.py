"""Record each request to the mocked API in the journal."""

from functools import partial

from hivestand.handlers.errors import Unauthorized
from hivestand.handlers.request import ANONYMOUS
from hivestand.handlers.store.journal import pack, without_secrets
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.tenant import Tenant
from hivestand.server.auth import Keys
from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import UNWRITTEN, HttpResponse


class JournalRecorder:
    """Adds an entry to the journal of the tenant who asks."""

    def __init__(self, store: Store, keys: Keys) -> None:
        """Write to the store's journal; `keys` tell whose an entry is."""
        self._store = store
        self._keys = keys

    def __call__(self, request: HttpRequest, response: HttpResponse) -> None:
        """Have an entry added."""
        if self._store.journal.is_on:
            self._store.journal.add(request.tenant or self._tenant(request), partial(_packed, request, response))

    def _tenant(self, request: HttpRequest) -> Tenant:
        """The tenant of a request to an unknown path; without a valid token `ANONYMOUS`."""
        try:
            return self._keys.authenticate(request.fields.get(b"authorization"))
        except Unauthorized:
            return ANONYMOUS


def _packed(request: HttpRequest, response: HttpResponse) -> bytes:
    """The entry of a request and its response."""
    is_written = response.ending not in UNWRITTEN
    fallbacks = b""
    for name, value in response.headers:
        if name == b"hivestand-fallbacks":
            fallbacks = value
    about = (
        request.received_at,
        request.duration,
        request.method,
        request.path,
        without_secrets(request.query.decode("latin-1")) if request.query else "",
        request.operation,
        request.profile,
        response.status if is_written else None,
        fallbacks.decode("latin-1"),
        request.faults,
    )
    headers = [(b"content-type", response.media_type), *response.headers] if is_written else []
    return pack(about, request.headers, request.content, headers, response.body if is_written else b"")
