"""The errors of the API."""

import pytest

from skep.handlers.errors import ApiError, BadRequest, Detail, StoreUnavailable


def test_an_error_with_more_headers_is_the_same_error() -> None:
    """Message, details and headers stay; the original is unchanged."""
    error = BadRequest("message", [Detail("/a", "type", "wrong")], {"A": "1"})
    other = error.with_headers({"B": "2"})
    assert (type(other), other.message, other.details) == (BadRequest, "message", error.details)
    assert ({"A": "1", "B": "2"}, {"A": "1"}) == (other.headers, error.headers)


def test_an_absent_store_asks_for_patience() -> None:
    """503 comes with Retry-After."""
    assert {"Retry-After": "1", "B": "2"} == StoreUnavailable().with_headers({"B": "2"}).headers


@pytest.mark.parametrize("kind", ApiError.__subclasses__())
def test_every_error_has_a_status_and_a_code_of_its_own(kind: type[ApiError]) -> None:
    """Statuses and codes name one error each."""
    assert 400 <= kind.status < 600
    assert kind.code.isupper()
    assert [other for other in ApiError.__subclasses__() if other.code == kind.code] == [kind]
    assert [other for other in ApiError.__subclasses__() if other.status == kind.status] == [kind]
