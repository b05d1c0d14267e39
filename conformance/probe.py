"""Finds out by one request whether a URL leads to the API."""

from typing import Final

from hivestand.conformance.api import Api, request_of
from hivestand.conformance.exchange import Exchange, ReceivedResponse
from hivestand.conformance.target import SERVER_ERROR, Inconclusive, Unanswered

REDIRECTS: Final = range(300, 400)
PATIENCE: Final = 8.0  # seconds to wait for a target that responds with 429
NOT_LET_IN: Final = {
    401: "refuses the token: is --token, or HIVESTAND_TOKEN, a valid one?",
    403: "does not let the token start sessions: is --token, or HIVESTAND_TOKEN, that of a project?",
    404: "does not know the operation: is this the API's URL?",
}


def probe(api: Api, operation: str = "createSession") -> None:
    """Start a session, and a second one if the first fails with a server error.

    Raises:
        Inconclusive: the URL leads to something else, or the target refuses the token.
    """
    request = api.with_headers(request_of(api.marked({}), operation))
    try:
        response = api.target.send(request, PATIENCE)
        if response.status >= SERVER_ERROR:
            request = api.with_headers(request_of(api.marked({"event_name": "hivestand check"}), operation))
            response = api.target.send(request, PATIENCE)
    except Unanswered as error:
        raise Inconclusive(str(error)) from error
    if strange := _strange(response):
        raise Inconclusive(f"{api.target.access.url} {strange}")
    api.remember(Exchange(request, response))


def _strange(response: ReceivedResponse) -> str:
    """What shows that a response is not the API's; an empty string for one that is."""
    if response.status in REDIRECTS:
        return f"redirects to {response.headers.get('location', 'nowhere')}: check that URL"
    if response.body.lstrip().startswith(b"<"):
        return f"responds with HTML and status {response.status}: is this the API's URL?"
    if response.status >= SERVER_ERROR:
        return f"is not available: it responds with status {response.status}"
    return NOT_LET_IN.get(response.status, "")
