"""How exactly an engine keeps a rate: a minute at each of several, on a freshly deployed cluster."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness import solo
from harness.clients.admin import Admin
from harness.cluster.peer_pod import peer_pod
from harness.deployment import deployed
from harness.load_topic import load_topic
from harness.measuring import pace
from harness.measuring.disk import DiskPlan
from harness.measuring.frames import merged
from harness.measuring.pace import Step
from harness.measuring.traffic import Records, Traffic
from harness.peers import Contest
from harness.progress import TerminalProgress
from harness.run import Run, Settings

RESULT = "pacing.json"
TRAFFIC = Traffic(records=Records(value_bytes=1024))
"""Sent as every load sends by default."""

RATES_HZ = (500, 5_000, 20_000, 50_000)
WARM_UP_S = 20
"""The brokers compile their code meanwhile; the rate is kept, but not counted yet."""
SECONDS = 60
KEPT_BYTES = 256 * 1024 * 1024


def measure(settings: Settings) -> dict[str, dict[str, float]]:
    """Send at each rate for a minute and return what was sent, acknowledged, late, and the CPU it took."""
    run, progress = Run(settings=settings), TerminalProgress()
    with deployed(run, progress=progress) as made, peer_pod(made.cluster) as pod:
        admin, folder = Admin(made.cluster.bootstrap), settings.report_dir / "load"
        contest = Contest(cluster=made.cluster, pod=pod, folder=folder, seconds=WARM_UP_S + SECONDS)
        disk = DiskPlan(bytes_per_broker=0, retention_bytes=KEPT_BYTES)
        with load_topic("pacing", TRAFFIC, disk, cluster=made.cluster, admin=admin, progress=progress) as topic:
            found = {}
            for rate_hz in RATES_HZ:
                with progress.step(f"{rate_hz} records/s", expected_s=contest.seconds + solo.LEAD_S):
                    found[str(rate_hz)] = _kept(contest, topic, rate_hz=rate_hz)
            return found


def _kept(contest: Contest, topic: str, *, rate_hz: int) -> dict[str, float]:
    order = contest.producer_order(topic, label=f"rate-{rate_hz}", traffic=TRAFFIC)
    pace.append(Path(order.folder), Step(from_ns=order.started_ns, rate_hz=rate_hz))
    frames = solo.work(order, seconds=contest.seconds + 1).trace.frames[WARM_UP_S : WARM_UP_S + SECONDS]
    whole = merged(frames)
    return {
        "seconds": len(frames),
        "sent_ratio": whole.sent / (rate_hz * len(frames)),
        "acknowledged_ratio": whole.acknowledged / (rate_hz * len(frames)),
        "worst_second_ratio": min(frame.sent for frame in frames) / rate_hz,
        "lateness_p99_ms": whole.lateness.percentile_ms(99),
        "produce_p99_ms": whole.latency.percentile_ms(99),
        "cpu_s_per_million": whole.cpu_s / whole.sent * 1e6,
    }


def show(figures: Mapping[str, Mapping[str, float]], *, console: Console) -> None:
    """Print the figures of each rate."""
    names: Sequence[str] = list(next(iter(figures.values())))
    table = Table("records/s", *names)
    for rate, values in figures.items():
        table.add_row(rate, *(f"{values[name]:.5g}" for name in names))
    console.print(table)


def main(settings_file: str) -> None:
    """Measure, and leave the figures in the folder of the run."""
    settings = Settings.read(Path(settings_file))
    figures = measure(settings)
    (settings.report_dir / RESULT).write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
