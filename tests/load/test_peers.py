"""The comparison with the peers: ratios of medians, and what they mean."""

from __future__ import annotations

import pytest

from harness.errors import ExitCode
from harness.measuring.peer_output import Work
from harness.measuring.stall import Late
from harness.peers import Compared, Comparison, Pair, verdict
from harness.stalling import OneStall, Stalled


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


def stalled(*, counted: tuple[int, ...] = (1900, 1500, 1000)) -> Stalled:
    """Return stalls of two seconds at a thousand records per second: so many late twice, and once far off."""

    def one(counts: tuple[int, ...]) -> OneStall:
        limits = zip((100.0, 500.0, 1000.0), (1900, 1500, 1000), counts, strict=True)
        late = tuple(Late(limit_ms=limit, counted=number, computed=computed) for limit, computed, number in limits)
        return OneStall(stalled_s=2.0, late=late)

    peer = Work(records=60_000, records_per_s=1000, cpu_s=5)
    return Stalled(stalls=(one(counted), one((5000, 5000, 5000)), one(counted)), peer=peer)


@pytest.mark.parametrize(
    ("producer", "consumer", "stall", "code"),
    [
        ((1.0, 1.0), (1.0, 3.0), stalled(), ExitCode.CERTIFIED),
        ((0.99, 0.5), (1.5, 1.0), stalled(), ExitCode.NOT_CERTIFIED),
        ((1.5, 1.01), (1.5, 1.0), stalled(), ExitCode.NOT_CERTIFIED),
        ((1.5, 0.5), (0.9, 0.1), stalled(), ExitCode.NOT_CERTIFIED),
        ((1.0, 1.0), (1.0, 3.0), stalled(counted=(1900, 1500, 1031)), ExitCode.NOT_CERTIFIED),
        ((1.0, 1.0), (1.0, 3.0), stalled(counted=(3, 2, 1)), ExitCode.NOT_CERTIFIED),
    ],
)
def test_the_goals_are_reached_or_not(
    producer: tuple[float, float], consumer: tuple[float, float], stall: Stalled, code: ExitCode
) -> None:
    sides = [compared(speed=speed, cpu=cpu) for speed, cpu in (producer, consumer)]
    assert verdict(Compared(producer=sides[0], consumer=sides[1], stalled=stall)) is code
