"""The plan of a load: what is expected to be carried, how it is tried, how well, and when a trial cannot tell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """The load that is expected to be carried: a fixed rate of records, all producers together, acks=all."""

    records_per_s: float
    record_bytes: int
    partitions: int
    replication_factor: int
    linger_ms: float
    producers: int
    consumers: int


@dataclass(frozen=True, kw_only=True)
class TrialPlan:
    """How long it is tried: only the measured part is judged for speed, but every record is judged for loss."""

    warm_up_s: float
    measured_s: float
    drain_s: float

    @property
    def duration_s(self) -> float:
        return self.warm_up_s + self.measured_s


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """How well: `growth_ratio` is how fast a backlog or a lag may grow, as a share of the rate."""

    achieved_ratio: float
    produce_p99_ms: float
    end_to_end_p99_ms: float
    growth_ratio: float
    throttled_ratio: float


@dataclass(frozen=True, kw_only=True)
class GeneratorLimits:
    """Beyond which the generator or its machine, not the cluster, was measured."""

    lateness_p99_ms: float
    cpu_cores: float
    machine_idle_ratio: float


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """All of it, as the sizing file says it."""

    expectation: Expectation
    trial: TrialPlan
    objectives: Objectives
    generator: GeneratorLimits

    @property
    def bytes_per_broker(self) -> int:
        """How much disk the load takes on a broker at most: no broker holds more than one replica of a record."""
        return int(self.expectation.records_per_s * self.trial.duration_s * self.expectation.record_bytes)
