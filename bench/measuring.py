"""How long a deployment takes, measured where the brokers can be reached."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.deployment import deployed
from harness.progress import TerminalProgress
from harness.run import Run, Settings

RESULT = "bench.json"


def measure_deployment(settings: Settings) -> dict[str, list[float]]:
    """Deploy and return the seconds from the first apply to everything in sync; every time needs fresh volumes."""
    with deployed(Run(settings=settings), progress=TerminalProgress()) as made:
        if made.in_sync_s is None:
            raise SystemExit(f"bench: not deployed: {made.failure}")
        return {"from apply to in sync": [made.in_sync_s]}


def show(figures: Mapping[str, Sequence[float]], *, console: Console) -> None:
    """Print minimum, median and maximum of each figure, in seconds."""
    table = Table("figure", "runs", "min s", "median s", "max s")
    for name, values in figures.items():
        numbers = (min(values), statistics.median(values), max(values))
        table.add_row(name, str(len(values)), *(f"{number:.2f}" for number in numbers))
    console.print(table)


def main(settings_file: str) -> None:
    """Measure, and leave the figures in the report's folder."""
    settings = Settings.read(Path(settings_file))
    figures = measure_deployment(settings)
    (settings.report_dir / RESULT).write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
