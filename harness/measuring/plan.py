"""The plan of a load: what is expected to be carried, how it is tried, how well, and when a trial cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from harness.measuring.traffic import Traffic


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


class Purpose(Enum):
    """What a trial is for."""

    WARM_UP = "warm-up"
    RAMP = "ramp"
    BISECT = "bisect"
    CONFIRM = "confirm"
    SOAK = "soak"
    HOLD = "hold"
    FILL = "fill"
    DRAIN = "drain"


class Disturbance(Enum):
    """What is done to the cluster while it carries a load."""

    BROKER_DOWN = "one broker down"
    ROLLING_RESTART = "rolling restart"
    BROKER_KILLED = "a broker killed"
    QUOTA = "a quota on producers"


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Hold one rate. The warm-up ends when the cluster is steady, after `warm_up_s` at the latest."""

    records_per_s: float
    warm_up_s: float = 30
    measured_s: float = 45


@dataclass(frozen=True, kw_only=True)
class Soak:
    """Hold a share of a rate for long: what is carried for a minute may still pile up over an hour."""

    records_per_s: float
    share: float = 0.8
    warm_up_s: float = 30
    measured_s: float = 600


@dataclass(frozen=True, kw_only=True)
class FindKnee:
    """Find the highest rate that is carried: double until it is not, halve the gap, confirm at length, soak.

    `precision` is how close the two ends of the gap come. The search is repeated from a wider gap, because a single
    one says nothing of its own noise: until the last `repeats` of them agree, `most_repeats` times at most.
    They agree when their mean is known to a share of `agreement`.
    """

    from_records_per_s: float
    most_records_per_s: float
    warm_up_s: float = 300
    trial_s: float = 8
    confirm_s: float = 20
    soak_s: float = 30
    soak_share: float = 0.8
    precision: float = 0.05
    repeats: int = 3
    most_repeats: int = 6
    agreement: float = 0.15


@dataclass(frozen=True, kw_only=True)
class Drain:
    """Write a backlog while nobody reads, then read it as fast as it goes, several times.

    What is written must be carried; `most_drain_s` is how long reading it may take.
    """

    records_per_s: float
    fill_s: float = 30
    most_drain_s: float = 120
    warm_up_s: float = 30
    repeats: int = 3
    precision: float = 0.02
    agreement: float = 0.15


Plan = Hold | Soak | FindKnee | Drain


def longest_s(plan: Hold | Soak | FindKnee) -> float:
    """Return how long the trial is judged that a plan ends with."""
    return plan.soak_s if isinstance(plan, FindKnee) else plan.measured_s


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One kind of load: what it shows, its traffic, how it is tried, and how well it must be carried.

    `expected_records_per_s` of None means that nobody has said yet how much this kind of load must be.
    """

    name: str
    what: str
    traffic: Traffic
    plan: Plan
    objectives: Objectives
    generator: GeneratorLimits
    disturbance: Disturbance | None = None
    expected_records_per_s: float | None = None
    drain_s: float = 20
