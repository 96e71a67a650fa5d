"""One run: what the user asked for, and the state that lives as long as the run does."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from harness.certificate import ClauseResult
from harness.claims import Claim, Level
from harness.cluster.connection import Target
from harness.cluster.rendering import Manifests
from harness.evidence import Event, Evidence
from harness.fault_journal import FILE, FaultJournal, NoNamespace
from harness.measuring.machine import Moment
from harness.runclock import RunClock
from harness.selection import Selection


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user asked for, in full: the process that certifies gets nothing else."""

    run_id: str
    level: Level
    seed: int
    report_dir: Path
    namespace: str
    target: Target
    manifests_source: str
    manifests_file: Path
    document: Path
    reuse: bool
    keep: bool
    command: str
    selection: Selection = field(default_factory=Selection)
    resumes: Path | None = None
    """The folder of the interrupted run whose results are taken over."""
    is_rehearsal: bool = False
    planted: str | None = None
    """The bug of a rehearsal, by name."""
    known: str | None = None
    """The namespace of which the user said that nobody depends on it."""

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), default=_plain, indent=2), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Settings:
        fields = json.loads(path.read_text(encoding="utf-8"))
        target, resumes, asked = fields.pop("target"), fields.pop("resumes"), fields.pop("selection")
        return cls(
            target=Target(
                kubeconfig=Path(target["kubeconfig"]),
                context=target["context"],
                kubectl=Path(target["kubectl"]),
                is_testbed=target["is_testbed"],
            ),
            level=Level(fields.pop("level")),
            resumes=Path(resumes) if resumes else None,
            selection=Selection(only=tuple(asked["only"]), skip=tuple(asked["skip"])),
            report_dir=Path(fields.pop("report_dir")),
            manifests_file=Path(fields.pop("manifests_file")),
            document=Path(fields.pop("document")),
            **fields,
        )

    def manifests(self) -> Manifests:
        """Read back the objects that were rendered before anything was touched."""
        objects = tuple(json.loads(self.manifests_file.read_text(encoding="utf-8")))
        return Manifests(source=self.manifests_source, objects=objects)


def _plain(value: object) -> object:
    return value.value if isinstance(value, Level) else str(value)


@dataclass(kw_only=True)
class Run:
    """The state of a run: its clock, its events, its machine, its faults, the claims it owes, the results it has."""

    settings: Settings
    clock: RunClock = field(default_factory=RunClock)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    events: list[Event] = field(default_factory=list)
    machine: list[Moment] = field(default_factory=list)
    owed: dict[str, Claim] = field(default_factory=dict)
    results: list[ClauseResult] = field(default_factory=list)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    subject: dict[str, object] = field(default_factory=dict)
    faults: FaultJournal = field(init=False)

    def __post_init__(self) -> None:
        """Open the journal of faults; what is journalled into a namespace must be told which one."""
        self.faults = FaultJournal(self.settings.report_dir / FILE, run=self.settings.run_id)
        if self.settings.is_rehearsal:
            self.faults.copy_to(NoNamespace())

    def event(self, kind: str, what: str) -> Event:
        """Record something that happened now, and return it."""
        event = Event(time_s=self.clock.now_s(), kind=kind, what=what)
        self.events.append(event)
        return event

    @property
    def not_run(self) -> tuple[Claim, ...]:
        done = {result.claim.id for result in self.results}
        return tuple(claim for claim_id, claim in self.owed.items() if claim_id not in done)
