"""How late may retention be? Bounds from the live configuration of brokers and topics. Pure.

As read in Kafka 3.9 (UnifiedLog, LogManager, LogCleaner): every `log.retention.check.interval.ms` each log drops its
oldest segments as long as their *newest* timestamp is older than retention.ms. The active segment is no exception: when
it has expired too, a new one is rolled for the purpose. A segment takes records for at most segment.ms after its first
one (or until it is full), so a record goes at the latest segment.ms + retention.ms + one check after it was written.
The files are renamed at once and deleted file.delete.delay.ms later.
Compaction never touches the active segment; the cleaner looks for work every log.cleaner.backoff.ms. The first cleaning
that meets a tombstone lets delete.retention.ms begin, the next one after that takes it, and a cleaning happens only
when there is something new to clean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.budget import Budget

SLACK_S = 5.0
"""For a check that takes its time on half a CPU, and for asking."""

CLEANER_SLACK_S = 15.0
"""For the log cleaner, one background thread that comes last when half a CPU is spoken for; Kafka promises no bound."""

DEFAULT_INITIAL_DELAY_MS = "30000"
"""log.initial.task.delay.ms is internal: a broker tells it only when it was set."""

Config = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How often the brokers look: the slowest of them counts."""

    check_interval_s: float
    cleaner_backoff_s: float
    initial_delay_s: float

    @classmethod
    def of(cls, brokers: Iterable[Config]) -> Rhythm:
        configs = tuple(brokers)
        return cls(
            check_interval_s=max(seconds(config, "log.retention.check.interval.ms") for config in configs),
            cleaner_backoff_s=max(seconds(config, "log.cleaner.backoff.ms") for config in configs),
            initial_delay_s=max(
                seconds({"log.initial.task.delay.ms": DEFAULT_INITIAL_DELAY_MS, **config}, "log.initial.task.delay.ms")
                for config in configs
            ),
        )


def seconds(config: Config, name: str) -> float:
    """Return a setting in milliseconds as seconds."""
    return int(config[name]) / 1000


def expired(rhythm: Rhythm) -> Budget:
    """Bound the stay of a record that is already older than its retention when it is written."""
    return Budget(
        seconds=rhythm.check_interval_s + SLACK_S,
        why=f"check every {rhythm.check_interval_s:g} s + slack {SLACK_S:g} s",
    )


def by_time(topic: Config, rhythm: Rhythm, *, appended_s: float) -> Budget:
    """Bound the stay of a record in a partition to which records were appended for `appended_s` seconds after it.

    Its segment takes newer records for that long, but no longer than segment.ms.
    """
    retention_s = seconds(topic, "retention.ms")
    roll_s = min(seconds(topic, "segment.ms"), appended_s)
    check = expired(rhythm)
    return Budget(
        seconds=retention_s + roll_s + check.seconds,
        why=f"retention {retention_s:g} s + segment roll {roll_s:.3g} s + {check.why}",
    )


def files_gone(topic: Config) -> Budget:
    """Bound how long deleted files keep their space after their records are gone."""
    delay_s = seconds(topic, "file.delete.delay.ms")
    return Budget(seconds=delay_s + SLACK_S, why=f"delete delay {delay_s:g} s + slack {SLACK_S:g} s")


def replaced(topic: Config, rhythm: Rhythm, *, append_every_s: float) -> Budget:
    """Bound the stay of a value that was replaced, in a partition to which something is appended again and again."""
    roll_s = seconds(topic, "segment.ms") + append_every_s
    return Budget(
        seconds=roll_s + rhythm.cleaner_backoff_s + CLEANER_SLACK_S,
        why=f"segment roll {roll_s:g} s + cleaner every {rhythm.cleaner_backoff_s:g} s + slack {CLEANER_SLACK_S:g} s",
    )


def tombstone(topic: Config, rhythm: Rhythm, *, append_every_s: float) -> Budget:
    """Bound the stay of a tombstone: a cleaning meets it, delete.retention.ms pass, the next cleaning takes it."""
    cleaning = replaced(topic, rhythm, append_every_s=append_every_s)
    kept_s = seconds(topic, "delete.retention.ms")
    return Budget(
        seconds=2 * cleaning.seconds + kept_s,
        why=f"delete retention {kept_s:g} s + two cleanings, each: {cleaning.why}",
    )
