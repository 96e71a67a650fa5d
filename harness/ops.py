"""Operations: what clients asked and what they were told; a history is a sequence of them.

The words are those of Jepsen's Kafka workload. An operation is invoked and then ends `ok` (it happened), `fail` (it
surely did not) or `info` (nobody knows). The format of the file is described in docs/history.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

HISTORY_FORMAT = "greenfield-history/2"


class OpType(Enum):
    """Where an operation stands."""

    INVOKE = "invoke"
    OK = "ok"
    FAIL = "fail"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Op:
    """One line of a history: `time_ns` is on the run's monotonic clock, `key` in a value is topic-partition."""

    index: int
    time_ns: int
    process: int | str
    type: OpType
    f: str
    value: object
    extra: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {
            "index": self.index,
            "time": self.time_ns,
            "process": self.process,
            "type": self.type.value,
            "f": self.f,
            "value": self.value,
            **self.extra,
        }
