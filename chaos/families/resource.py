"""Too little CPU, memory or disk."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.disk import DiskFill
from chaos.resource import CpuSqueeze, MemoryPressure
from harness.families import BROKERS, Family, Ground, Span
from harness.faults import Fault

SQUEEZED_MILLICORES = 100
FILLED = 0.95


def _squeezed(ground: Ground, pods: Sequence[str]) -> Fault:
    return CpuSqueeze(ground.kubernetes, tuple(pods), millicores=SQUEEZED_MILLICORES)


def _out_of_memory(ground: Ground, pods: Sequence[str]) -> Fault:
    return MemoryPressure(ground.kubernetes, tuple(pods))


def _filled(ground: Ground, pods: Sequence[str]) -> Fault:
    return DiskFill(ground.kubernetes, *pods, share=FILLED)


CPU = Family(
    name="cpu-squeeze",
    group="resource",
    what="a broker gets a tenth of a core",
    make=_squeezed,
    victims=BROKERS,
    lasts=Span(least_s=5, most_s=60),
)
MEMORY = Family(
    name="memory-pressure",
    group="resource",
    what="a broker needs more memory than it gets, and the kernel ends it",
    make=_out_of_memory,
    victims=BROKERS,
)
DISK = Family(
    name="disk-fill",
    group="resource",
    what="the volume of a broker is filled to 95 %",
    make=_filled,
    victims=BROKERS,
    lasts=Span(least_s=5, most_s=60),
)
