"""A recorded load: what a run left in its folder, read second by second, as it can be shown and compared later."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from harness.measuring import pace, usage
from harness.measuring.drift import BLOCK_S, Block, Measured
from harness.measuring.frames import Frame, merged
from harness.measuring.histogram import Histogram
from harness.measuring.pace import Step
from harness.measuring.plan import Purpose
from harness.measuring.rates import all_periods, cpu, received, spent, throttled_periods
from harness.measuring.result import SLACK_S, Collector, Second
from harness.measuring.trace import ENGINES, SUFFIX
from harness.measuring.usage import Observed
from harness.runclock import NS_PER_S
from harness.verdict import Verdict

RESULT = "load.json"
OBSERVED = "observed.jsonl"
SCHEMA = "greenfield-load/1"
SHARES = (50.0, 90.0, 99.0, 99.9, 100.0)
MEGABYTE = 1_000_000

Percentiles = Mapping[float, float]
"""Milliseconds by percentile; 100 is the greatest."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One second of all engines together, with the percentiles of its merged histograms; empty without values."""

    second: Second
    produce_ms: Percentiles
    end_to_end_ms: Percentiles


@dataclass(kw_only=True)
class Tried:
    """One trial as load.json has it, with the histograms of its judged part and its whole blocks."""

    content: Mapping[str, Any]
    latency: Histogram = field(default_factory=Histogram)
    end_to_end: Histogram = field(default_factory=Histogram)
    blocks: list[Block] = field(default_factory=list)

    @property
    def from_s(self) -> float:
        return float(self.content["from_s"])

    @property
    def until_s(self) -> float:
        return float(self.content["until_s"])

    @property
    def rate_hz(self) -> float:
        return float(self.content["rate_hz"])

    @property
    def is_carried(self) -> bool:
        return self.content["verdict"] == Verdict.PASS.value and not self.is_warm_up and self.rate_hz > 0

    @property
    def is_warm_up(self) -> bool:
        return bool(self.content["purpose"] == Purpose.WARM_UP.value)

    def judges(self, time_s: float) -> bool:
        """Say whether the second that ends at a moment lies wholly within the judged part."""
        return self.from_s + 1 - SLACK_S <= time_s <= self.until_s + SLACK_S


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Everything that a run of a load left."""

    content: Mapping[str, Any]
    """Of load.json."""
    moments: tuple[Moment, ...]
    trials: tuple[Tried, ...]
    observed: Observed
    steps: tuple[Step, ...]

    @property
    def run_id(self) -> str:
        return str(self.content["run_id"])

    def run_s(self, monotonic_ns: int) -> float:
        """Return where a moment of the engines' clock stands on the run's clock."""
        return (monotonic_ns - (self.observed.clock_started_ns or 0)) / NS_PER_S

    def measured(self) -> Measured:
        """Return what of this run is compared with another one."""
        knee, last = self.content["knee"], self.trials[-1].content["verdict"] if self.trials else None
        blocks: dict[float, tuple[Block, ...]] = {}
        for tried in self.trials:
            if tried.is_carried:
                rate_hz = round(tried.rate_hz, 3)
                blocks[rate_hz] = (*blocks.get(rate_hz, ()), *tried.blocks)
        return Measured(
            run_id=self.run_id,
            profile=self.content["profile"],
            is_testbed=self.content.get("environment", {}).get("testbed") is True,
            repeats=tuple(knee["repeats"]) if knee else (),
            last_carried={Verdict.PASS.value: True, Verdict.FAIL.value: False}.get(str(last)),
            blocks=blocks,
        )


def read(folder: Path, *, each: Callable[[Second, Frame], None] = lambda *_: None) -> Recorded:
    """Read the folder of a run. Raises ValueError when it is not one of a load, or not whole.

    `each` is given every second with the sum of its frames, which is not kept.
    """
    content = content_of(folder)
    parts = folder / str(content["folder"])
    try:
        observed = usage.read(parts / OBSERVED)
    except FileNotFoundError as missing:
        raise ValueError(f"got {parts} without {OBSERVED}, expected what was observed beside the load") from missing
    trials = tuple(Tried(content=trial) for trial in content["trials"])
    moments = []
    summing = _Summing(trials, observed)
    for second, frame in seconds(parts, content=content, clock_started_ns=observed.clock_started_ns or 0):
        moments.append(
            Moment(second=second, produce_ms=_percentiles(frame.latency), end_to_end_ms=_percentiles(frame.end_to_end))
        )
        summing.take(second, frame)
        each(second, frame)
    steps = pace.read(parts).steps
    return Recorded(content=content, moments=tuple(moments), trials=trials, observed=observed, steps=steps)


def content_of(folder: Path) -> Mapping[str, Any]:
    """Read load.json alone."""
    path = folder / RESULT
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f"got {path} of another form, expected the schema {SCHEMA}")
    return content


def seconds(parts: Path, *, content: Mapping[str, Any], clock_started_ns: int) -> Iterator[tuple[Second, Frame]]:
    """Give the seconds of all engines together, in order, one at a time: all their histograms would fill the memory.

    A second that only some engines tell of is one of those: at its ends a load has fewer of them.
    """
    groups = int(content["profile"]["traffic"]["groups"])
    collector = Collector(engines=1, groups=groups, clock_started_ns=clock_started_ns)
    traces = [path for path in sorted(parts.rglob(f"*{SUFFIX}")) if path.name.startswith(ENGINES)]
    frames = heapq.merge(*(_frames(path) for path in traces), key=_started_ns)
    for _, same in groupby(frames, key=_started_ns):
        yield from collector.add(same)


def _started_ns(frame: Frame) -> int:
    return frame.started_ns


def _frames(path: Path) -> Iterator[Frame]:
    """Give the frames of one engine as they were written; a last line that was cut off is left out."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n") and line.startswith('{"frame"'):
                yield Frame.from_json(json.loads(line)["frame"])


def _percentiles(values: Histogram) -> Percentiles:
    return {share: values.percentile_ms(share) for share in SHARES} if values.count else {}


class _Summing:
    """Adds the seconds of each trial up as they come, and closes a block whenever it is whole."""

    def __init__(self, trials: Sequence[Tried], observed: Observed) -> None:
        self._waiting, self._observed = list(trials), observed
        self._open: list[Frame] = []
        self._last_s = 0.0

    def take(self, second: Second, frame: Frame) -> None:
        while self._waiting and second.time_s > self._waiting[0].until_s + SLACK_S:
            self._waiting.pop(0)
            self._open = []
        if not self._waiting or not self._waiting[0].judges(second.time_s):
            return
        tried = self._waiting[0]
        tried.latency.add(frame.latency)
        tried.end_to_end.add(frame.end_to_end)
        if second.time_s > self._last_s + 1 + SLACK_S:  # a second is missing
            self._open = []
        self._last_s = second.time_s
        self._open.append(frame)
        if len(self._open) == BLOCK_S:
            tried.blocks.append(_block(merged(self._open), self._observed, until_s=second.time_s))
            self._open = []


def _block(frame: Frame, observed: Observed, *, until_s: float) -> Block:
    from_s = until_s - BLOCK_S
    megabytes = frame.acknowledged_bytes / MEGABYTE
    cpu_s, throttled, periods, network = (
        _all([spent(samples, of, from_s=from_s, until_s=until_s) for samples in observed.pods.values()])
        for of in (cpu, throttled_periods, all_periods, received)
    )
    produce, end_to_end = _percentiles(frame.latency), _percentiles(frame.end_to_end)
    return Block(
        acknowledged_per_s=frame.acknowledged / BLOCK_S,
        produce_p50_ms=produce.get(50),
        produce_p99_ms=produce.get(99),
        end_to_end_p50_ms=end_to_end.get(50),
        end_to_end_p99_ms=end_to_end.get(99),
        cpu_s_per_mb=cpu_s / megabytes if cpu_s is not None and megabytes else None,
        received_per_byte=network / frame.acknowledged_bytes if network is not None and megabytes else None,
        throttled_ratio=throttled / periods if throttled is not None and periods else None,
    )


def _all(values: Sequence[float | None]) -> float | None:
    """Add values up; the sum of nothing, or of some that are not known, is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
