"""retention-early and retention-late: a record went before its time, or was still there after it. Pure.

Every comparison gives the cluster the benefit of what the observer cannot know: a record was appended somewhere between
its sending and its acknowledgement, a log start moved somewhere between two answers. What remains is proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.verdict import Finding, Judgement, Verdict

EARLY, LATE = "retention-early", "retention-late"

MAX_GAP_S = 1.0
"""How far apart two answers may be for "somewhere between them" to be good enough; the observer asks every 0.1 s."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """One acknowledged record; `place` is topic-partition, times are seconds on the run's clock."""

    place: str
    offset: int
    sent_s: float
    acked_s: float
    key: str | None = None
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Where a log started, as its leader answered between `asked_s` and `answered_s`."""

    asked_s: float
    answered_s: float
    log_start: int


Observation = Mapping[str, Sequence[Sample]]
"""The samples of each partition (topic-partition), in the order of time."""


@dataclass(frozen=True, kw_only=True)
class Stay:
    """What was seen of one record: surely there at `there_s`, surely gone at `gone_s` (None: never seen gone)."""

    record: Written
    there_s: float
    gone_s: float | None

    @property
    def is_blurred(self) -> bool:
        """Say whether the moment of its going is known too badly to judge by."""
        return self.gone_s is not None and self.gone_s - self.there_s > MAX_GAP_S


def stay_of(record: Written, observation: Observation) -> Stay:
    """Find the moments between which a record went; an acknowledged record is there until it is seen gone."""
    samples = observation.get(record.place, ())
    first_gone = next((n for n, sample in enumerate(samples) if sample.log_start > record.offset), len(samples))
    last_there_s = samples[first_gone - 1].asked_s if first_gone else record.acked_s
    gone_s = samples[first_gone].answered_s if first_gone < len(samples) else None
    return Stay(record=record, there_s=max(record.acked_s, last_there_s), gone_s=gone_s)


def not_earlier(records: Sequence[Written], observation: Observation, *, retention_s: float) -> Judgement:
    """Judge that no record went before it was `retention_s` old."""
    measured: dict[str, object] = {"retention_s": retention_s}
    return _kept(records, observation, until_s=lambda record: record.sent_s + retention_s, measured=measured)


def still_there(records: Sequence[Written], observation: Observation, *, until_s: float) -> Judgement:
    """Judge that every record was there until a moment of the run."""
    return _kept(records, observation, until_s=lambda _: until_s, measured={"until_s": round(until_s, 2)})


def _kept(
    records: Sequence[Written],
    observation: Observation,
    *,
    until_s: Callable[[Written], float],
    measured: Mapping[str, object],
) -> Judgement:
    def judge(stay: Stay) -> bool | None:
        earliest_s = until_s(stay.record)
        if stay.gone_s is None:
            return True if stay.there_s >= earliest_s - MAX_GAP_S else None
        if stay.gone_s < earliest_s:
            return False
        return None if stay.is_blurred and stay.there_s < earliest_s else True

    def words(stay: Stay) -> str:
        allowed_s = until_s(stay.record) - stay.record.sent_s
        return (
            f"it was gone {_since(stay.record.sent_s, stay.gone_s)} after it was sent, {allowed_s:.2f} s were promised"
        )

    return _judge(EARLY, records, observation, judge=judge, words=words, measured=measured)


def not_later(records: Sequence[Written], observation: Observation, *, bound_s: float, why: str) -> Judgement:
    """Judge that every record was gone `bound_s` after it was acknowledged; `why` says where the bound comes from."""

    def judge(stay: Stay) -> bool | None:
        latest_s = stay.record.acked_s + bound_s
        if stay.there_s > latest_s:
            return False
        return None if stay.gone_s is None or (stay.is_blurred and stay.gone_s > latest_s) else True

    def words(stay: Stay) -> str:
        lasted = _since(stay.record.acked_s, stay.there_s)
        return f"it was still there {lasted} after its acknowledgement, allowed are {bound_s:.2f} s ({why})"

    measured: dict[str, object] = {"bound_s": round(bound_s, 3), "bound_why": why}
    return _judge(LATE, records, observation, judge=judge, words=words, measured=measured)


def _judge(
    checker: str,
    records: Sequence[Written],
    observation: Observation,
    *,
    judge: Callable[[Stay], bool | None],
    words: Callable[[Stay], str],
    measured: Mapping[str, object],
) -> Judgement:
    """Judge each record with `judge` (None: cannot tell) and put the answers together."""
    if not records or not any(observation.get(record.place) for record in records):
        missing = "no record was written" if not records else "no log start was observed"
        return Judgement(checker=checker, verdict=Verdict.INCONCLUSIVE, reason=missing, measured=measured)
    stays = [stay_of(record, observation) for record in records]
    answers = [(stay, judge(stay)) for stay in stays]
    wrong = [stay for stay, answer in answers if answer is False]
    unknown = [stay for stay, answer in answers if answer is None]
    measured = {**measured, "records": len(records), "wrong": len(wrong), **_ages(stays)}
    findings = tuple(_finding(checker, stay, words(stay)) for stay in wrong[:20])
    if findings:
        reason = f"{len(wrong)} of {len(records)} records, the first: {findings[0].what}"
        return Judgement(checker=checker, verdict=Verdict.FAIL, reason=reason, findings=findings, measured=measured)
    if unknown:
        where = f"{unknown[0].record.place} offset {unknown[0].record.offset}"
        reason = f"{len(unknown)} of {len(records)} records were not watched well enough, the first: {where}"
        return Judgement(checker=checker, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    reason = f"{len(records)} records, none {'too early' if checker == EARLY else 'too late'}"
    return Judgement(checker=checker, verdict=Verdict.PASS, reason=reason, measured=measured)


def _finding(checker: str, stay: Stay, words: str) -> Finding:
    record = stay.record
    return Finding(
        anomaly=checker,
        what=f"{record.place} offset {record.offset}: {words}",
        evidence={
            "place": record.place,
            "offset": record.offset,
            "sent_s": round(record.sent_s, 3),
            "acked_s": round(record.acked_s, 3),
            "last_there_s": stay.there_s,
            "first_gone_s": stay.gone_s,
        },
    )


def _ages(stays: Sequence[Stay]) -> dict[str, object]:
    """Say how old the records were when they were seen gone."""
    ages_s = [stay.gone_s - stay.record.sent_s for stay in stays if stay.gone_s is not None]
    if not ages_s:
        return {"gone": 0}
    return {
        "gone": len(ages_s),
        "youngest_gone_age_s": round(min(ages_s), 3),
        "oldest_gone_age_s": round(max(ages_s), 3),
    }


def _since(start_s: float, moment_s: float | None) -> str:
    return "never" if moment_s is None else f"{moment_s - start_s:.2f} s"
