"""Locust's own figures, in a process of their own, because importing Locust changes the one it is imported into."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

SCRIPT = """
import json
import time
from locust.stats import RequestStats
from load.statistics import begin_at, merge
from tests.load.samples import consumed, produced

stats = RequestStats()
for second in range(3):
    merge(stats, produced(second, failed=2, latency_ms=40))
    merge(stats, consumed(second, end_to_end_ms=60))
produce = stats.get("produce", "kafka")
begun = stats.total.start_time
begin_at(stats, started_ns=time.monotonic_ns() - 10**15)
is_left = stats.total.start_time == begun
begin_at(stats, started_ns=time.monotonic_ns() - 2 * 10**9)
print(json.dumps({
    "a later start is left": is_left,
    "from the first record": abs(time.time() - stats.total.start_time - 2) < 0.5,
    "requests": produce.num_requests,
    "failures": produce.num_failures,
    "median_ms": produce.median_response_time,
    "p99_ms": stats.get("consume", "kafka").get_response_time_percentile(0.99),
    "average_ms": round(produce.avg_response_time),
    "seconds": sorted(produce.num_reqs_per_sec.values()),
    "total": stats.total.num_requests,
    "errors": [error.occurrences for error in stats.errors.values()],
}))
"""


def test_merged_frames_are_true_figures_in_locust() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stdout) == {
        "a later start is left": True,
        "from the first record": True,
        "requests": 3006,
        "failures": 6,
        "median_ms": 40,
        "p99_ms": 60,
        "average_ms": 40,
        "seconds": [1002, 1002, 1002],
        "total": 6006,
        "errors": [6],
    }


def test_the_locustfile_can_be_loaded_and_names_its_users() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", "load/locustfile.py", "--list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert {"Producer", "Consumer"} <= set((done.stdout + done.stderr).split())


def test_the_page_shows_the_example_as_it_is() -> None:
    page = (ROOT / "docs" / "locust.md").read_text(encoding="utf-8")
    _, _, example = (ROOT / "load" / "example_locustfile.py").read_text(encoding="utf-8").partition('"""\n\n')
    assert example in page
    lines = [line for line in example.splitlines() if line and '"""' not in line]
    assert len(lines) <= 10, "a locustfile of ten lines"


def test_every_option_of_a_load_is_on_the_page() -> None:
    page = (ROOT / "docs" / "locust.md").read_text(encoding="utf-8")
    source = (ROOT / "load" / "options.py").read_text(encoding="utf-8")
    options = set(re.findall(r'add\("(--[a-z0-9-]+)"', source)) - {"--load-order"}
    assert {option for option in options if f"`{option}`" not in page} == set()
    assert len(options) > 5
