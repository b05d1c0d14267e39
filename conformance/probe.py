"""Whether there is anything to judge behind a URL, by one request."""

from typing import Final

from skep.conformance.api import Api, request_of
from skep.conformance.exchange import Exchange, Response
from skep.conformance.target import Inconclusive, Unanswered

REDIRECTS: Final = range(300, 400)
GATEWAY_ERRORS: Final = (502, 503, 504)
NOT_LET_IN: Final = {
    401: "refuses the token: is --token, or SKEP_TOKEN, a valid one?",
    403: "does not let the token start sessions: is --token, or SKEP_TOKEN, that of a project?",
    404: "does not know the operation: is this the API's URL?",
}


def probe(api: Api, operation: str) -> None:
    """Start a session.

    Raises:
        Inconclusive: What is behind the URL is not the API, or does not let us in.
    """
    request = api.with_headers(request_of(api.marked({}), operation))
    try:
        response = api.target.send(request)
    except Unanswered as error:
        raise Inconclusive(str(error)) from error
    url = api.target.access.url
    if strange := _strange(response):
        raise Inconclusive(f"{url} {strange}")
    api.remember(Exchange(request, response))
    if response.status in NOT_LET_IN:
        raise Inconclusive(f"{url} {NOT_LET_IN[response.status]}")


def _strange(response: Response) -> str:
    """What says that this is not the API, but something in front or instead of it."""
    if response.status in REDIRECTS:
        return f"redirects to {response.headers.get('location', 'nowhere')}: check that URL"
    if response.body.lstrip().startswith(b"<"):
        return f"answers HTML with status {response.status}: is this the API's URL?"
    if response.status in GATEWAY_ERRORS:
        return f"is not available: it answers with status {response.status}"
    return ""
