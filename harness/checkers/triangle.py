"""triangle: the document, the manifests and what runs must say the same; differences are shown side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.verdict import Finding, Judgement, Verdict

NAME = "triangle"
Value = int | str | None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One quantity read at one place, beside what is documented; `found` is None when it is not there at all."""

    what: str
    place: str
    documented: Value
    found: Value


def equal(readings: Sequence[Reading]) -> Judgement:
    """Judge that each reading is what is documented."""

    def agrees(reading: Reading) -> bool:
        return reading.found is not None and reading.found == reading.documented

    return _judge(readings, agrees=agrees, relation="")


def at_least(readings: Sequence[Reading]) -> Judgement:
    """Judge that each reading is at least what is documented; numbers only."""

    def agrees(reading: Reading) -> bool:
        found, wanted = reading.found, reading.documented
        return isinstance(found, int) and isinstance(wanted, int) and found >= wanted

    return _judge(readings, agrees=agrees, relation="at least ")


def _judge(readings: Sequence[Reading], *, agrees: Callable[[Reading], bool], relation: str) -> Judgement:
    if not readings:
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason="nothing was read")
    findings = tuple(
        Finding(
            anomaly=NAME,
            what=f"{reading.what}: documented {relation}{reading.documented}, {reading.place} {reading.found}",
            evidence={"what": reading.what, "place": reading.place, "found": reading.found},
        )
        for reading in readings
        if not agrees(reading)
    )
    table: dict[str, dict[str, Value]] = {}
    for reading in readings:
        table.setdefault(reading.what, {"documented": reading.documented})[reading.place] = reading.found
    if findings:
        more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
        reason = f"{findings[0].what}{more}"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, findings=findings[:20], measured=table)
    reason = f"{len(readings)} readings agree with the document"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=table)
