"""Resources: the brokers have the CPU and memory that is documented, and are not held back by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.measuring.result import LoadResult
from harness.measuring.usage import Usage
from harness.verdict import Finding, Judgement, Verdict

NAME = "load-resources"
ENOUGH_SAMPLES = 0.8
"""Of the measured seconds: with fewer samples than that, what happened between them may be missing."""


@dataclass(frozen=True, kw_only=True)
class Documented:
    """What the document says that each broker has."""

    cpu_millicores: int
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class PodUse:
    """What one pod used in the judged part of a load."""

    pod: str
    samples: int
    cpu_cores: float
    quota_cores: float | None
    throttled_ratio: float
    throttled_s_per_s: float
    memory_bytes: int
    anonymous_bytes: int
    memory_limit_bytes: int | None
    oom_kills: int

    def as_json(self) -> dict[str, object]:
        return {
            "cpu_cores": round(self.cpu_cores, 3),
            "quota_cores": self.quota_cores,
            "throttled_ratio": round(self.throttled_ratio, 3),
            "throttled_s_per_s": round(self.throttled_s_per_s, 3),
            "memory_bytes": self.memory_bytes,
            "anonymous_bytes": self.anonymous_bytes,
            "memory_limit_bytes": self.memory_limit_bytes,
            "oom_kills": self.oom_kills,
        }


def uses(result: LoadResult) -> tuple[PodUse, ...]:
    """Sum up what each pod used in the judged part; a pod with fewer than two samples is left out."""
    windows = {pod: _within(result, samples) for pod, samples in result.observed.pods.items()}
    return tuple(_use(pod, samples) for pod, samples in windows.items() if len(samples) >= 2)


def throttled_ratio(samples: Sequence[Usage]) -> float:
    """Return the share of CPU periods between the first and the last sample in which a pod was held back."""
    periods = samples[-1].periods - samples[0].periods
    return (samples[-1].throttled_periods - samples[0].throttled_periods) / periods if periods else 0.0


def most_throttled(result: LoadResult) -> float:
    """Return the share of CPU periods in which the most throttled broker was held back; 0 without samples."""
    return max((use.throttled_ratio for use in uses(result)), default=0.0)


def check(result: LoadResult, documented: Documented) -> Judgement:
    """Judge limits, throttling and out-of-memory kills of every observed broker."""
    found = uses(result)
    measured = {use.pod: use.as_json() for use in found}
    missing = _missing(result, found)
    if missing:
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=missing, measured=measured)
    limit = result.objectives.throttled_ratio
    findings = tuple(finding for use in found for finding in _findings(use, documented, throttled_limit=limit))
    if findings:
        reason = "; ".join(finding.what for finding in findings)
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, findings=findings, measured=measured)
    most_used = max(use.cpu_cores for use in found)
    worst = max(found, key=lambda use: use.throttled_ratio)
    reason = (
        f"every broker had {documented.cpu_millicores}m CPU and used at most {most_used * 1000:.0f}m of it; "
        f"{worst.pod} was throttled most, in {worst.throttled_ratio:.0%} of its periods"
    )
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)


def _within(result: LoadResult, samples: Sequence[Usage]) -> list[Usage]:
    return [sample for sample in samples if result.trial.from_s <= sample.time_s <= result.trial.until_s]


def _use(pod: str, samples: Sequence[Usage]) -> PodUse:
    first, last = samples[0], samples[-1]
    elapsed_s = last.node_s - first.node_s
    return PodUse(
        pod=pod,
        samples=len(samples),
        cpu_cores=(last.cpu_s - first.cpu_s) / elapsed_s,
        quota_cores=last.quota_cores,
        throttled_ratio=throttled_ratio(samples),
        throttled_s_per_s=(last.throttled_s - first.throttled_s) / elapsed_s,
        memory_bytes=max(sample.memory_bytes for sample in samples),
        anonymous_bytes=max(sample.anonymous_bytes for sample in samples),
        memory_limit_bytes=last.memory_limit_bytes,
        oom_kills=last.oom_kills - first.oom_kills,
    )


def _missing(result: LoadResult, found: Sequence[PodUse]) -> str:
    """Say which pods were seen too seldom, or begun anew; nothing when all were seen."""
    enough = ENOUGH_SAMPLES * result.trial.judged_s
    seen: Mapping[str, int] = {use.pod: use.samples for use in found}
    few = [f"{pod} ({seen.get(pod, 0)})" for pod in result.observed.pods if seen.get(pod, 0) < enough]
    if few or not found:
        return f"fewer than {enough:.0f} samples of: {', '.join(few) or 'every broker'}"
    anew = [pod for pod, samples in result.observed.pods.items() if _began_anew(samples)]
    return f"counters began anew, as after a restart: {', '.join(anew)}" if anew else ""


def _began_anew(samples: Sequence[Usage]) -> bool:
    return any(later.cpu_s < earlier.cpu_s for earlier, later in pairwise(samples))


def _findings(use: PodUse, documented: Documented, *, throttled_limit: float) -> Iterator[Finding]:
    if use.quota_cores is None or round(use.quota_cores * 1000) != documented.cpu_millicores:
        has = "no limit" if use.quota_cores is None else f"{use.quota_cores * 1000:.0f}m"
        what = f"{use.pod} has a CPU limit of {has}, documented are {documented.cpu_millicores}m"
        yield Finding(anomaly="cpu-limit", what=what, evidence=use.as_json())
    if use.memory_limit_bytes != documented.memory_bytes:
        what = f"{use.pod} has a memory limit of {use.memory_limit_bytes}, documented are {documented.memory_bytes}"
        yield Finding(anomaly="memory-limit", what=what, evidence=use.as_json())
    if use.throttled_ratio > throttled_limit:
        what = f"{use.pod} was throttled in {use.throttled_ratio:.0%} of its CPU periods, at most {throttled_limit:.0%}"
        yield Finding(anomaly="throttled", what=what, evidence=use.as_json())
    if use.oom_kills:
        what = f"{use.oom_kills} processes of {use.pod} were killed for lack of memory"
        yield Finding(anomaly="out-of-memory", what=what, evidence=use.as_json())
