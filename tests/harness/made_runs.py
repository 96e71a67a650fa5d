"""Runs for tests: recorded in a temporary folder, on no cluster."""

from __future__ import annotations

from pathlib import Path

from harness.claims import Level
from harness.cluster.connection import Target
from harness.fault_journal import Copies
from harness.run import Run, Settings


def made_run(folder: Path, *, copies: Copies | None = None) -> Run:
    """Make a run whose report is in this folder, and whose faults have their copies here."""
    settings = Settings(
        run_id="a-run",
        level=Level.GATE,
        seed=1,
        report_dir=folder,
        namespace="greenfield",
        target=Target(kubeconfig=folder, context=None, kubectl=folder, is_testbed=False),
        manifests_source="none",
        manifests_file=folder,
        document=folder,
        reuse=False,
        keep=False,
        command="harness gate",
    )
    run = Run(settings=settings)
    if copies is not None:
        run.faults.copy_to(copies)
    return run
