"""The errors of the API."""

import pytest

from hivestand.handlers.errors import ApiError, StoreUnavailable, Unavailable


def test_an_absent_store_asks_for_patience() -> None:
    """503 comes with Retry-After."""
    assert {"Retry-After": "1", "B": "2"} == Unavailable("later", headers={"B": "2"}).headers
    assert {"Retry-After": "1"} == StoreUnavailable().headers


@pytest.mark.parametrize("kind", ApiError.__subclasses__())
def test_every_error_has_a_status_and_a_code_of_its_own(kind: type[ApiError]) -> None:
    """A code names one error, by which a program tells apart what has the same status."""
    assert 400 <= kind.status < 600
    assert kind.code.isupper()
    assert [other for other in ApiError.__subclasses__() if other.code == kind.code] == [kind]
