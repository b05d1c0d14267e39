"""The ordered lists of the memory store's index."""

from random import Random

import pytest

from hivestand.handlers.event.index import Found
from hivestand.handlers.store.memory import index
from hivestand.handlers.store.memory.index import OrderedEvents


@pytest.mark.parametrize("seed", range(20))
def test_it_is_a_sorted_list(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Whatever is added and removed, in whatever order, and however small its chunks are."""
    monkeypatch.setattr(index, "CHUNK", 4)
    dice = Random(seed)  # noqa: S311 - it guards nothing
    events, expected = OrderedEvents(), list[Found]()
    for number in range(400):
        if expected and dice.random() < 0.45:
            gone = dice.choice([expected[0], expected[-1], dice.choice(expected)])
            events.remove(gone)
            expected.remove(gone)
        else:
            time = number if dice.random() < 0.5 else dice.randrange(400)
            events.add(Found(time, number, str(number)))
            expected = sorted([*expected, Found(time, number, str(number))])
        assert bool(expected) is bool(events)
        place = (dice.randrange(420),)
        assert sum(each < place for each in expected) == events.rank(place)
        end, count = dice.randrange(len(expected) + 1), dice.randrange(1, 50)
        assert expected[max(0, end - count) : end][::-1] == events.last(end, count)
