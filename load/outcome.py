"""The outcome of a load for whoever launched Locust: one sentence that says why it did not do, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from load.crew import Crew


@dataclass(frozen=True, kw_only=True)
class Objective:
    """How well it has to go. None asks for nothing."""

    max_p99_ms: float | None = None
    min_ratio: float | None = None


def complaint(crew: Crew, objective: Objective) -> str | None:
    """Say what was wrong, the mechanism first: figures of a load that broke down say nothing."""
    return _broken(crew) or _unanswered(crew) or _missed(crew, objective)


def _broken(crew: Crew) -> str | None:
    if crew.lost:
        return f"got workers that went away ({', '.join(sorted(crew.lost))}), expected each to stay to the end"
    if len(crew.codes) != crew.size:
        return f"got the end of {len(crew.codes)} engines, expected that of {crew.size}"
    broken = {name: code for name, code in sorted(crew.codes.items()) if code != 0}
    return f"got engines that broke down {broken}, expected each to end with 0" if broken else None


def _unanswered(crew: Crew) -> str | None:
    if crew.total is None or (crew.producers and not crew.total.sent):
        return "got no record at all, expected a load"
    open_records = crew.total.sent - crew.total.acknowledged - crew.total.failed
    return f"got {open_records} records without an answer, expected one for each" if open_records else None


def _missed(crew: Crew, objective: Objective) -> str | None:
    total = crew.total
    if objective.min_ratio is not None:
        if total is None or not total.sent:
            return "got no record that was sent, expected some: a ratio was asked for"
        ratio = total.acknowledged / total.sent
        if ratio < objective.min_ratio:
            return f"got {ratio:.4f} of the records acknowledged, expected {objective.min_ratio:g}"
    if objective.max_p99_ms is not None:
        if total is None or not total.latency.count:
            return "got no latency, expected some: a p99 was asked for"
        p99_ms = total.latency.percentile_ms(99)
        if p99_ms > objective.max_p99_ms:
            return f"got a p99 of {p99_ms:g} ms, expected {objective.max_p99_ms:g} ms at most"
    return None
