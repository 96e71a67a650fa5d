"""The comparison with the peers: ratios of medians, and what they mean."""

from __future__ import annotations

import pytest

from harness.errors import ExitCode
from harness.measuring.peer_output import Work
from harness.peers import Comparison, Pair, verdict


def compared(*, speed: float, cpu: float, name: str = "producer") -> Comparison:
    """Return five pairs in which the engine is so many times as fast, at so many times the CPU; one pair is odd."""
    peers = [Work(records=1_000_000, records_per_s=rate, cpu_s=8) for rate in (50_000, 51_000, 49_000, 50_000, 9_000)]
    engines = [
        Work(records=1_000_000, records_per_s=speed * peer.records_per_s, cpu_s=cpu * peer.cpu_s) for peer in peers
    ]
    return Comparison(name=name, pairs=tuple(Pair(engine=e, peer=p) for e, p in zip(engines, peers, strict=True)))


def test_ratios_are_of_medians() -> None:
    found = compared(speed=1.2, cpu=0.6)
    assert found.throughput_ratio == pytest.approx(1.2)
    assert found.cpu_ratio == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("producer", "consumer", "code"),
    [
        ((1.0, 1.0), (1.0, 3.0), ExitCode.CERTIFIED),
        ((0.99, 0.5), (1.5, 1.0), ExitCode.NOT_CERTIFIED),
        ((1.5, 1.01), (1.5, 1.0), ExitCode.NOT_CERTIFIED),
        ((1.5, 0.5), (0.9, 0.1), ExitCode.NOT_CERTIFIED),
    ],
)
def test_the_goals_are_reached_or_not(
    producer: tuple[float, float], consumer: tuple[float, float], code: ExitCode
) -> None:
    sides = [compared(speed=speed, cpu=cpu) for speed, cpu in (producer, consumer)]
    assert verdict(sides[0], sides[1]) is code
