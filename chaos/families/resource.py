"""Too little CPU, memory or disk."""

from __future__ import annotations

from chaos.disk import DiskFill
from chaos.resource import CpuSqueeze, MemoryPressure
from harness.families import AWHILE, BROKERS, Family

SQUEEZED_MILLICORES = 100
FILLED = 0.95


CPU = Family(
    name="cpu-squeeze",
    group="resource",
    what="a broker gets a tenth of a core",
    make=lambda ground, pods: CpuSqueeze(ground.kubernetes, tuple(pods), millicores=SQUEEZED_MILLICORES),
    victims=BROKERS,
    lasts=AWHILE,
)
MEMORY = Family(
    name="memory-pressure",
    group="resource",
    what="a broker needs more memory than it gets, and the kernel ends it",
    make=lambda ground, pods: MemoryPressure(ground.kubernetes, tuple(pods)),
    victims=BROKERS,
)
DISK = Family(
    name="disk-fill",
    group="resource",
    what="the volume of a broker is filled to 95 %",
    make=lambda ground, pods: DiskFill(ground.kubernetes, *pods, share=FILLED),
    victims=BROKERS,
    lasts=AWHILE,
)
