"""The order to heal: what the process that heals is told by the one that a person has started."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.cluster.connection import Target


@dataclass(frozen=True, kw_only=True)
class HealOrder:
    """What is to be healed: the open faults of one run, or of all; `dry_run` only looks."""

    target: Target
    namespace: str
    run: str | None
    reports: Path
    dry_run: bool

    def as_text(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def of(cls, text: str) -> HealOrder:
        """Read an order that another process has written."""
        fields = json.loads(text)
        target = fields.pop("target")
        return cls(
            target=Target(**{**target, "kubeconfig": Path(target["kubeconfig"]), "kubectl": Path(target["kubectl"])}),
            reports=Path(fields.pop("reports")),
            **fields,
        )
