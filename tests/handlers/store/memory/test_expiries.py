"""When events in memory expire."""

from random import Random

import pytest

from hivestand.handlers.store.memory.expiries import PARTS, Expiries, Key


@pytest.mark.parametrize("seed", range(5))
def test_each_key_expires_after_its_last_write(seed: int) -> None:
    """And is taken once, however few are taken at a time."""
    dice = Random(seed)  # noqa: S311 - it guards nothing
    seconds = 0.0
    expiries = Expiries(10, lambda: seconds)
    expected: dict[Key, float] = {}
    for _ in range(2000):
        seconds += dice.random() * 0.1
        key = ("tenant", str(dice.randrange(300)))
        if dice.random() < 0.1 and key in expected:
            assert expiries.has_passed(key) == (expected[key] <= seconds)
            expiries.remove(key)
            del expected[key]
        elif dice.random() < 0.5:
            expiries.prolong(key)
            expected[key] = seconds + 10
        else:
            for taken in expiries.take(2, parts=3):
                assert expected.pop(taken) <= seconds
    over = {key for key, until in expected.items() if until <= seconds}
    found: list[Key] = []
    while taken_now := expiries.take(7):
        found += taken_now
    assert sorted(over) == sorted(found)


def test_as_many_looks_as_there_are_parts_find_all() -> None:
    """Each write looks at one part."""
    seconds = 0.0
    expiries = Expiries(1, lambda: seconds)
    for number in range(PARTS * 3):
        expiries.prolong(("tenant", str(number)))
    seconds = 2.0
    found = [key for _ in range(PARTS) for key in expiries.take(PARTS, parts=1)]
    assert PARTS * 3 == len(set(found)) == len(found)


def test_no_part_has_much_more_than_its_share() -> None:
    """Ids fall evenly into the parts, so none grows for long."""
    expiries = Expiries(1, lambda: 0.0)
    for number in range(PARTS * 100):
        expiries.prolong(("tenant", f"{number:032x}"))
    assert max(map(len, expiries._parts)) < 200  # noqa: SLF001 - what nobody sees otherwise
