"""The generator: whether it kept its own schedule. If not, it was measured, and nothing is known of the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from harness.checkers.load.resources import most_throttled
from harness.checkers.load.speed import percentiles_ms
from harness.measuring.result import LoadResult
from harness.verdict import Judgement, Verdict

NAME = "load-generator"


def check(result: LoadResult) -> Judgement:
    """Say whether every record was sent, nearly when it was due, and with CPU to spare: PASS or INCONCLUSIVE."""
    if not result.total.lateness.count:
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason="nothing was sent")
    measured = {
        "sent_per_s": round(_sent_per_s(result), 1),
        "lateness_ms": dict(percentiles_ms(result.total.lateness)),
        "engine_cpu_cores": {engine: round(cores, 3) for engine, cores in result.cpu_cores().items()},
        "machine_idle_ratio": _rounded(idle_ratio(result)),
    }
    troubles = tuple(_troubles(result))
    if troubles:
        reason = f"generator-bound: {'; '.join(troubles)}"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    reason = f"records were sent at most {result.total.lateness.percentile_ms(99):.1f} ms late (p99)"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)


def believable(result: LoadResult, judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """Put the generator's own judgement first, and take back what it makes unbelievable.

    A failure of speed means nothing when the generator was late, nor when the machine had no CPU left although no
    broker was held back by its own limit: then the machine was too small for load and cluster together. Hand in
    judgements of speed only; a lost record is lost, however slow the generator was.
    """
    guard = check(result)
    doubt = "" if guard.verdict is Verdict.PASS else guard.reason
    doubt = doubt or machine_was_full(result)
    return (guard, *(_doubted(judgement, doubt) if doubt else judgement for judgement in judgements))


def idle_ratio(result: LoadResult) -> float | None:
    """Return the share of this machine's CPU that was idle in the judged part; None without samples."""
    inside = [s for s in result.observed.machine if result.trial.from_s <= s.time_s <= result.trial.until_s]
    ticks = inside[-1].total_ticks - inside[0].total_ticks if inside else 0
    return (inside[-1].idle_ticks - inside[0].idle_ticks) / ticks if ticks else None


def _troubles(result: LoadResult) -> Iterator[str]:
    limits, wanted = result.limits, result.trial.rate_hz
    late_ms = result.total.lateness.percentile_ms(99)
    if late_ms > limits.lateness_p99_ms:
        yield f"records were sent {late_ms:.1f} ms late (p99), at most {limits.lateness_p99_ms:g} ms"
    if _sent_per_s(result) < result.objectives.achieved_ratio * wanted:
        yield f"{_sent_per_s(result):.0f} records/s were sent instead of {wanted:g}"
    for engine, cores in result.cpu_cores().items():
        if cores > limits.cpu_cores:
            yield f"{engine} used {cores:.2f} cores, at most {limits.cpu_cores:g}"


def machine_was_full(result: LoadResult) -> str:
    """Say that the machine had no CPU left although no broker was held back by its own limit; nothing otherwise."""
    idle = idle_ratio(result)
    if idle is None or idle >= result.limits.machine_idle_ratio:
        return ""
    if most_throttled(result) > result.objectives.throttled_ratio:
        return ""
    return f"machine-bound: {idle:.0%} of this machine's CPU was idle, and no broker was held back by its limit"


def _doubted(judgement: Judgement, doubt: str) -> Judgement:
    if judgement.verdict is not Verdict.FAIL:
        return judgement
    return replace(judgement, verdict=Verdict.INCONCLUSIVE, reason=f"{doubt}; seen was: {judgement.reason}")


def _sent_per_s(result: LoadResult) -> float:
    return result.total.sent / len(result.measured) if result.measured else 0.0


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 3)
