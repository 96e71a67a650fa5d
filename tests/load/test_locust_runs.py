"""Whole runs of Locust with engines that need no cluster: in one process, and with two workers."""

from __future__ import annotations

import csv
import json
import socket
import subprocess
import sys
from pathlib import Path

from harness.clients.engine.orders import CONTROL, LoadOrder
from harness.measuring import trace
from harness.measuring.frames import merged
from harness.measuring.traffic import Traffic
from harness.waiting import wait_until

ROOT = Path(__file__).parent.parent.parent
TIMEOUT_S = 30


def write_order(folder: Path) -> Path:
    order = LoadOrder(
        bootstrap="nowhere",
        topic="load",
        traffic=Traffic(partitions=4, producers=2, consumers=2),
        drain_s=1,
        folder=str(folder),
    )
    path = folder / "order.json"
    order.write(path)
    return path


def launch(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "locust", "-f", "tests/load/fake_locustfile.py", "--headless", "--only-summary"]
    argv += ["--load-order", str(folder / "order.json"), *options]
    name = next((option.strip("-") for option in options if option in ("--master", "--worker")), "local")
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(argv, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)


def free_port() -> str:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return str(door.getsockname()[1])


def launch_distributed(folder: Path) -> tuple[subprocess.Popen[bytes], list[subprocess.Popen[bytes]]]:
    port = free_port()
    master = launch(
        folder, "--master", "--master-bind-port", port, "--expect-workers", "2", "--csv", str(folder / "figures")
    )
    return master, [launch(folder, "--worker", "--master-port", port) for _ in range(2)]


def end(*children: subprocess.Popen[bytes]) -> None:
    for child in children:
        if child.poll() is None:
            child.kill()
        child.wait()


def test_a_load_that_went_well_exits_with_0(tmp_path: Path) -> None:
    write_order(tmp_path)
    child = launch(tmp_path, "--max-p99-ms", "6", "--min-ratio", "1")
    try:
        assert child.wait(timeout=TIMEOUT_S) == 0, (tmp_path / "local.log").read_text()
    finally:
        end(child)
    codes = json.loads((tmp_path / CONTROL).read_text())["engines"]
    assert codes == {"producer-0": 0, "producer-1": 0, "consumer-0": 0, "consumer-1": 0}


def test_a_load_that_was_too_slow_exits_with_1_and_says_why(tmp_path: Path) -> None:
    write_order(tmp_path)
    child = launch(tmp_path, "--max-p99-ms", "4")
    try:
        assert child.wait(timeout=TIMEOUT_S) == 1
    finally:
        end(child)
    assert "expected 4 ms at most" in (tmp_path / "local.log").read_text()


def test_the_master_counts_exactly_what_two_workers_traced(tmp_path: Path) -> None:
    write_order(tmp_path)
    master, workers = launch_distributed(tmp_path)
    try:
        assert master.wait(timeout=TIMEOUT_S) == 0, (tmp_path / "master.log").read_text()
    finally:
        end(master, *workers)
    places = sorted(tmp_path.glob("worker-*"))
    traced = [trace.read(place).frames for place in places]
    assert len(places) == 2
    assert all(traced)
    total = merged(frame for frames in traced for frame in frames)
    with (tmp_path / "figures_stats.csv").open() as file:
        counts = {row["Name"]: int(row["Request Count"]) for row in csv.DictReader(file)}
    assert counts == {
        "produce": total.acknowledged,
        "consume": total.consumed,
        "Aggregated": total.acknowledged + total.consumed,
    }
    assert (total.acknowledged, total.consumed) == (6, 6)


def test_a_worker_that_dies_makes_the_load_fail(tmp_path: Path) -> None:
    write_order(tmp_path)
    master, workers = launch_distributed(tmp_path)
    try:
        wait_until(
            lambda: len(list(tmp_path.glob("worker-*/*.jsonl"))) == 4,
            what="engines on both workers",
            timeout_s=TIMEOUT_S,
            every_s=0.05,
        )
        workers[0].kill()
        assert master.wait(timeout=TIMEOUT_S) == 1
    finally:
        end(master, *workers)
    assert "workers that went away" in (tmp_path / "master.log").read_text()
