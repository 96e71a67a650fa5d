"""Keys: drawn as often as they are meant to be, the same from one seed, in the partition that Kafka chooses."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from harness.clients.engine.keys import KeyChooser, murmur2, partition_of, weights
from harness.measuring.traffic import Keys, Spread


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_that_of_kafkas_own_client(data: bytes, expected: int) -> None:
    assert murmur2(data) == expected & 0xFFFFFFFF


def test_without_keys_each_partition_has_its_turn() -> None:
    chooser = KeyChooser(Keys(), partitions=3, seed=1)
    first, second = chooser.draw(4), chooser.draw(2)
    assert (list(first.partitions), first.keys) == ([0, 1, 2, 0], None)
    assert list(second.partitions) == [1, 2]


@pytest.mark.parametrize("spread", [Spread.UNIFORM, Spread.ZIPF, Spread.HOT_KEY])
def test_each_key_goes_to_its_one_partition_and_the_seed_decides(spread: Spread) -> None:
    keys = Keys(spread=spread, distinct=50)
    drawn = KeyChooser(keys, partitions=6, seed=7).draw(500)
    assert drawn.keys is not None
    assert list(drawn.partitions) == [partition_of(key, 6) for key in drawn.keys]
    assert KeyChooser(keys, partitions=6, seed=7).draw(500).keys == drawn.keys
    assert KeyChooser(keys, partitions=6, seed=8).draw(500).keys != drawn.keys


def test_shares_add_up_to_one_and_are_as_meant() -> None:
    for spread in (Spread.UNIFORM, Spread.ZIPF, Spread.HOT_KEY):
        assert weights(Keys(spread=spread, distinct=100)).sum() == pytest.approx(1)
    assert weights(Keys(spread=Spread.HOT_KEY, distinct=100, hot_ratio=0.7))[0] == pytest.approx(0.7)
    zipf = weights(Keys(spread=Spread.ZIPF, distinct=100, exponent=1.0))
    assert zipf[0] / zipf[9] == pytest.approx(10)
    assert np.ptp(weights(Keys(spread=Spread.UNIFORM, distinct=100))) == 0


def test_a_hot_key_is_drawn_as_often_as_it_is_hot() -> None:
    drawn = KeyChooser(Keys(spread=Spread.HOT_KEY, distinct=1000, hot_ratio=0.5), partitions=6, seed=3).draw(20_000)
    assert drawn.keys is not None
    assert Counter(drawn.keys)[b"key-0"] == pytest.approx(10_000, rel=0.05)


def test_a_single_key_is_all_there_is() -> None:
    for spread in (Spread.UNIFORM, Spread.ZIPF, Spread.HOT_KEY):
        drawn = KeyChooser(Keys(spread=spread, distinct=1), partitions=6, seed=3).draw(5)
        assert drawn.keys == [b"key-0"] * 5
