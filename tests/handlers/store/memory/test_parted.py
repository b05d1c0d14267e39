"""The dictionary in parts."""

from random import Random

import pytest

from hivestand.handlers.store.memory.parted import PARTS, PartedDict


@pytest.mark.parametrize("seed", range(5))
def test_it_is_a_dictionary(seed: int) -> None:
    """Whatever is set, deleted and looked up."""
    dice = Random(seed)  # noqa: S311 - it guards nothing
    parted, expected = PartedDict[int](), dict[str, int]()
    for number in range(500):
        key = str(dice.randrange(80))
        if dice.random() < 0.4 and key in expected:
            assert expected.pop(key) == parted.pop(key)
        else:
            parted[key] = expected[key] = number
        assert expected.get(key) == parted.find(key) == parted.get(key)
        assert (key in expected, len(expected), bool(expected)) == (key in parted, len(parted), bool(parted))
    assert expected == dict(parted)
    assert sorted(expected.items()) == sorted(parted.popitem() for _ in range(len(parted)))
    with pytest.raises(KeyError):
        parted.popitem()
    with pytest.raises(KeyError):
        del parted["nowhere"]


def test_no_part_has_much_more_than_its_share() -> None:
    """Ids fall evenly into the parts, so none grows for long."""
    parted = PartedDict[int]()
    for number in range(PARTS * 100):
        parted[f"{number:032x}"] = number
    assert max(map(len, parted._parts)) < 200  # noqa: SLF001 - what nobody sees otherwise
