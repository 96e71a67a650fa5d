"""What Kafka's own performance tools print, read into figures; another form than the known one is never guessed at."""

from __future__ import annotations

import re
from dataclasses import dataclass

PRODUCED = re.compile(
    r"^(?P<records>\d+) records sent, (?P<rate>[\d.]+) records/sec \([\d.]+ MB/sec\), (?P<avg>[\d.]+) ms avg latency, "
    r"(?P<max>[\d.]+) ms max latency, (?P<p50>\d+) ms 50th, (?P<p95>\d+) ms 95th, (?P<p99>\d+) ms 99th, "
    r"(?P<p999>\d+) ms 99.9th",
    re.MULTILINE,
)
CPU = re.compile(r"^cpu (?P<user>[\d.]+) (?P<system>[\d.]+)$", re.MULTILINE)
COLUMNS = "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec"


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one tool did in one run: records, how fast, and the CPU that its whole process took, start included."""

    records: int
    records_per_s: float
    cpu_s: float
    latency_ms: tuple[tuple[str, float], ...] = ()

    @property
    def cpu_s_per_million(self) -> float:
        return self.cpu_s / self.records * 1e6

    def as_json(self) -> dict[str, object]:
        return {
            "records": self.records,
            "records_per_s": round(self.records_per_s, 1),
            "cpu_s": round(self.cpu_s, 3),
            "cpu_s_per_million": round(self.cpu_s_per_million, 3),
            **({"latency_ms": dict(self.latency_ms)} if self.latency_ms else {}),
        }


def produced(text: str) -> Work:
    """Read what kafka-producer-perf-test prints: its last line sums up the whole run."""
    lines = list(PRODUCED.finditer(text))
    if not lines:
        raise ValueError(f"got {_tail(text)!r}, expected the summary of kafka-producer-perf-test")
    last = lines[-1]
    latency = tuple((name, float(last[key])) for name, key in (("p50", "p50"), ("p99", "p99"), ("max", "max")))
    return Work(records=int(last["records"]), records_per_s=float(last["rate"]), cpu_s=_cpu_s(text), latency_ms=latency)


def consumed(text: str) -> Work:
    """Read what kafka-consumer-perf-test prints; the time in which it joined its group is not counted."""
    lines = [line for line in text.splitlines() if line.strip()]
    heads = [number for number, line in enumerate(lines) if line.startswith(COLUMNS)]
    if not heads or heads[-1] + 1 >= len(lines):
        raise ValueError(f"got {_tail(text)!r}, expected the table of kafka-consumer-perf-test")
    names = [name.strip() for name in lines[heads[-1]].split(",")]
    row = dict(zip(names, (cell.strip() for cell in lines[heads[-1] + 1].split(",")), strict=True))
    return Work(
        records=int(row["data.consumed.in.nMsg"]), records_per_s=float(row["fetch.nMsg.sec"]), cpu_s=_cpu_s(text)
    )


def _cpu_s(text: str) -> float:
    found = CPU.search(text)
    if found is None:
        raise ValueError(f"got {_tail(text)!r}, expected a line of the CPU that was used")
    return float(found["user"]) + float(found["system"])


def _tail(text: str) -> str:
    return text.strip()[-200:]
