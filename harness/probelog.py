"""The probe log: what each probe of a cluster meant to do, did and was told, on the run's clock; JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.ops import Op, OpType
from harness.services import Service

FORMAT = "greenfield-probes/1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """One probe: when it was due, when it was sent, when it was over, and whether the cluster did what was asked.

    `error` says what became of one that was not served; `ended_ns` is then when that was known.
    """

    service: Service
    key: str
    intended_ns: int
    begun_ns: int
    ended_ns: int
    error: str | None = None

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def lateness_ns(self) -> int:
        """How late it was sent; that is never the cluster's fault."""
        return self.begun_ns - self.intended_ns

    def as_line(self) -> str:
        """Return the probe as one line of the log."""
        fields: dict[str, object] = {
            "service": self.service.value,
            "key": self.key,
            "intended": self.intended_ns,
            "begun": self.begun_ns,
            "ended": self.ended_ns,
            "ok": self.ok,
        }
        if self.error is not None:
            fields["error"] = self.error
        return json.dumps(fields, separators=(",", ":")) + "\n"


HEADER = json.dumps({"format": FORMAT}) + "\n"
"""The first line of a log."""


def read(path: Path) -> Iterator[Probe]:
    """Give the probes of a log; a last line without its end (a killed run) does not count."""
    with path.open(encoding="utf-8") as lines:
        if next(lines, "") != HEADER:
            raise UsageError(f"{path} does not begin with {HEADER.strip()}", remedy="give a probe log of this version")
        for line in lines:
            if line.endswith("\n"):
                yield _probe(json.loads(line))


def _probe(fields: dict[str, object]) -> Probe:
    times = [fields["intended"], fields["begun"], fields["ended"]]
    intended_ns, begun_ns, ended_ns = (int(str(time_ns)) for time_ns in times)
    return Probe(
        service=Service(fields["service"]),
        key=str(fields["key"]),
        intended_ns=intended_ns,
        begun_ns=begun_ns,
        ended_ns=ended_ns,
        error=None if fields["ok"] else str(fields["error"]),
    )


def append(path: Path, probes: Iterable[Probe]) -> None:
    """Add probes to a log."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(probe.as_line() for probe in probes)


def of_sends(ops: Iterable[Op]) -> Iterator[Probe]:
    """Give the paced sends of a history as probes; a send that is not acknowledged was not served.

    Only sends that say when they were due are paced. One that never ended is over when the history is.
    """
    under_way: dict[tuple[int | str, str, str], Op] = {}
    last_ns = 0
    for op in ops:
        last_ns = op.time_ns
        if op.f == "send" and isinstance(op.value, list):
            [_, key, written] = op.value[0]
            if op.type is OpType.INVOKE:
                if "intended" in op.extra:
                    under_way[op.process, key, str(written)] = op
                continue
            value = written[1] if isinstance(written, list) else written
            begun = under_way.pop((op.process, key, str(value)), None)
            if begun is not None:
                error = None if op.type is OpType.OK else str(op.extra.get("error", op.type.value))
                yield _send(begun, key, ended_ns=op.time_ns, error=error)
    for (_, key, _), begun in under_way.items():
        yield _send(begun, key, ended_ns=last_ns, error="never ended")


def _send(begun: Op, key: str, *, ended_ns: int, error: str | None) -> Probe:
    return Probe(
        service=Service.PRODUCE,
        key=key,
        intended_ns=int(str(begun.extra["intended"])),
        begun_ns=begun.time_ns,
        ended_ns=ended_ns,
        error=error,
    )
