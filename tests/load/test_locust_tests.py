"""Tests that Locust begins by itself, with engines that need no cluster: judged, told apart, and never hanging."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen
from uuid import NAMESPACE_URL, uuid5

import pytest

from harness.clients.engine.orders import CONTROL, ProducerOrder
from harness.errors import ExitCode
from harness.measuring import trace
from harness.measuring.frames import merged
from harness.runclock import NS_PER_S
from harness.waiting import wait_until
from tests.load.fake_keeper import DELETED
from tests.load.pacing_engine import LATE, LOSES
from tests.load.test_locust_runs import ROOT, end, free_port

TIMEOUT_S = 60
LOCUSTFILE = "tests/load/pacing_locustfile.py"


class Started:
    """A Locust that was started, what it says, and the tests that it leaves."""

    def __init__(self, folder: Path, *options: str, locustfile: str = LOCUSTFILE, **environment: str) -> None:
        self._folder, self._log = folder / "tests", folder / f"{'worker' if '--worker' in options else 'log'}.txt"
        argv = [sys.executable, "-m", "locust", "-f", locustfile, "--load-folder", str(self._folder)]
        argv += ["--topic", f"of-{uuid5(NAMESPACE_URL, str(folder))}", *options]
        with self._log.open("ab") as log:
            self.child = subprocess.Popen(
                argv, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}
            )

    def code(self) -> int:
        return self.child.wait(timeout=TIMEOUT_S)

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def await_end(self, page: Page, *, tests: int) -> None:
        """Wait until so many tests have ended."""
        wait_until(
            lambda: len(list(self._folder.glob("*/outcome.json"))) == tests and page.is_stopped(),
            what="the end of a test",
            timeout_s=TIMEOUT_S,
            detail=lambda: self.said,
        )

    @property
    def folders(self) -> list[Path]:
        return sorted(self._folder.glob("*"))

    def outcome(self, number: int = 0) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folders[number] / "outcome.json").read_text(encoding="utf-8"))
        return found


@contextmanager
def locust(folder: Path, *options: str, **given: str) -> Iterator[Started]:
    """Run Locust for the length of a `with` block."""
    started = Started(folder, *options, **given)
    try:
        yield started
    finally:
        end(started.child)


SHORT = ("--headless", "--only-summary", "-t", "2s", "--rate", "150")


def test_a_test_takes_as_long_as_it_is_told_and_its_records_are_all_there_is(tmp_path: Path) -> None:
    with locust(tmp_path, *SHORT) as started:
        assert started.code() == ExitCode.CERTIFIED, started.said
    total = merged(trace.read(started.folders[0]).frames)
    assert (total.sent, total.acknowledged, total.consumed) == (300, 300, 300)
    assert started.outcome()["verdict"] == "PASS"
    assert (started.folders[0] / DELETED).exists()


@pytest.mark.parametrize(
    ("cluster", "code", "said"),
    [
        (LOSES, ExitCode.NOT_CERTIFIED, "2 acknowledged records were never read"),
        (LATE, ExitCode.NOT_CERTIFIED, "the rate was not held: got 0 records acknowledged in time, expected 150"),
    ],
)
def test_a_cluster_that_loses_or_is_late_is_seen_in_the_exit_code(
    tmp_path: Path, cluster: str, code: ExitCode, said: str
) -> None:
    with locust(tmp_path, *SHORT, **{cluster: "yes"}) as started:
        assert started.code() == code, started.said
    assert said in started.outcome()["reason"]
    assert (started.folders[0] / DELETED).exists()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--rate", "much"), ExitCode.USAGE, "--rate: invalid float value"),
        (("--groups", "3"), ExitCode.USAGE, "got 2 consumers for 3 groups"),
        (("-H", "http://kafka"), ExitCode.USAGE, "name brokers as host:port"),
        (("--load-folder", "/proc/nowhere"), ExitCode.USAGE, "name a folder that can be written to"),
        (("-H", "refusing:9092"), ExitCode.HARNESS, "the brokers do not make the topic"),
    ],
)
def test_what_keeps_a_load_from_beginning_is_said_in_one_sentence(
    tmp_path: Path, options: tuple[str, ...], code: ExitCode, said: str
) -> None:
    with locust(tmp_path, *SHORT, *options) as started:
        assert started.code() == code, started.said
    assert said in started.said
    assert "Traceback" not in started.said


def test_a_user_that_cannot_start_ends_the_test(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(
        "from tests.load.pacing_locustfile import *\n"
        "class Broken(Orders):\n"
        "    def _started(self, link):\n"
        "        raise OSError('no more processes')\n",
        encoding="utf-8",
    )
    with locust(tmp_path, *SHORT, locustfile=str(broken)) as started:
        assert started.code() == ExitCode.INCONCLUSIVE, started.said
    assert started.outcome()["reason"] == "Broken could not start its engines: OSError: no more processes"


def test_a_shape_that_breaks_ends_the_test(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(
        "from load.users import TargetRate\n"
        "from tests.load.pacing_locustfile import *\n"
        "class Broken(TargetRate):\n"
        "    def target_hz(self, run_s):\n"
        "        return -5\n",
        encoding="utf-8",
    )
    with locust(tmp_path, *SHORT, locustfile=str(broken)) as started:
        assert started.code() == ExitCode.INCONCLUSIVE, started.said
    assert "Broken set no rate: ValueError: got a rate of -5 records/s" in started.outcome()["reason"]


def test_a_load_that_would_fill_the_disks_is_ended(tmp_path: Path) -> None:
    with locust(tmp_path, "--headless", "--rate", "1000", "--most-gb", "0.0001") as started:
        assert started.code() == ExitCode.INCONCLUSIVE, started.said
    assert "more bytes written than --most-gb allows" in started.outcome()["reason"]


def test_a_locust_that_is_told_to_end_ends_the_load_in_order(tmp_path: Path) -> None:
    with locust(tmp_path, "--headless", "--rate", "100") as started:
        wait_until(lambda: any(tmp_path.glob("tests/*/producer-1.jsonl")), what="two producers", timeout_s=TIMEOUT_S)
        wait_until(lambda: bool(trace.read(started.folders[0]).frames), what="a second", timeout_s=TIMEOUT_S)
        started.child.send_signal(signal.SIGTERM)
        assert started.code() == ExitCode.CERTIFIED, started.said
    assert (started.folders[0] / DELETED).exists()


def test_two_workers_need_no_file_of_the_master_and_all_their_traces_come_back(tmp_path: Path) -> None:
    port = free_port()
    place = ("--master", "--master-bind-port", port, "--expect-workers", "2", "--csv", str(tmp_path / "figures"))
    with (
        locust(tmp_path, *SHORT, *place) as master,
        locust(tmp_path, "--worker", "--headless", "--master-port", port) as one,
        locust(tmp_path, "--worker", "--headless", "--master-port", port) as other,
    ):
        assert master.code() == ExitCode.CERTIFIED, master.said
        assert (one.code(), other.code()) == (0, 0)
    found = trace.read(master.folders[0])
    assert {frame.engine for frame in found.frames} == {"producer-0", "producer-1", "consumer-0", "consumer-1"}
    assert len(found.ledgers) == 4
    assert not any(master.folders[0].glob("*.order.json")), "engines ran elsewhere"
    total = merged(found.frames)
    assert (total.sent, total.acknowledged, total.consumed) == (300, 300, 300)


def test_a_worker_that_dies_makes_the_load_say_nothing(tmp_path: Path) -> None:
    port = free_port()
    place = ("--master", "--master-bind-port", port, "--expect-workers", "2")
    with (
        locust(tmp_path, "--headless", "-t", "60s", *place) as master,
        locust(tmp_path, "--worker", "--headless", "--master-port", port) as one,
        locust(tmp_path, "--worker", "--headless", "--master-port", port),
    ):
        wait_until(lambda: len(list(tmp_path.glob("tests/*/*-?.jsonl"))) == 4, what="four engines", timeout_s=TIMEOUT_S)
        one.child.kill()
        assert master.code() == ExitCode.INCONCLUSIVE, master.said
    assert "workers that went away" in master.outcome()["reason"]


def test_a_worker_that_joins_late_makes_the_load_say_nothing(tmp_path: Path) -> None:
    port = free_port()
    place = ("--master", "--master-bind-port", port, "--expect-workers", "1")
    with (
        locust(tmp_path, "--headless", "-t", "60s", *place) as master,
        locust(tmp_path, "--worker", "--headless", "--master-port", port),
    ):
        wait_until(lambda: len(list(tmp_path.glob("tests/*/*-?.jsonl"))) == 4, what="four engines", timeout_s=TIMEOUT_S)
        with locust(tmp_path, "--worker", "--headless", "--master-port", port):
            assert master.code() == ExitCode.INCONCLUSIVE, master.said
    assert "did a worker join late?" in master.outcome()["reason"]


def test_workers_of_another_machine_know_the_clock_of_the_load(tmp_path: Path) -> None:
    port = free_port()
    place = ("--master", "--master-bind-port", port, "--expect-workers", "1")
    with (
        locust(tmp_path, *SHORT, *place) as master,
        locust(tmp_path, "--worker", "--headless", "--master-port", port, locustfile="tests/load/far_locustfile.py"),
    ):
        assert master.code() == ExitCode.CERTIFIED, master.said
    assert "several machines: a time to a delivery may be wrong by" in master.outcome()["clocks"]
    control = json.loads((master.folders[0] / CONTROL).read_text(encoding="utf-8"))
    begun_ns = {frame.started_ns - control["started_ns"] for frame in trace.read(master.folders[0]).frames}
    assert begun_ns == {second * NS_PER_S for second in range(len(begun_ns))}, "in seconds of the load"


class Page:
    """Locust's page, as a browser talks to it."""

    def __init__(self, port: str) -> None:
        self._url = f"http://127.0.0.1:{port}"
        wait_until(self._is_there, what="the page", timeout_s=TIMEOUT_S)

    def _is_there(self) -> bool:
        try:
            return bool(self.figures())
        except OSError:
            return False

    def begin(self, **fields: object) -> None:
        """Press the button that begins a test."""
        body = urlencode({"user_count": 1, "spawn_rate": 1, **fields}).encode()
        with urlopen(f"{self._url}/swarm", data=body, timeout=TIMEOUT_S) as answer:
            assert json.load(answer)["success"]

    def is_stopped(self) -> bool:
        return bool(self.figures()["state"] == "stopped")

    def stop(self) -> None:
        """Press the button that stops it."""
        urlopen(f"{self._url}/stop", data=b"", timeout=TIMEOUT_S).close()

    def figures(self) -> dict[str, Any]:
        with urlopen(f"{self._url}/stats/requests", timeout=TIMEOUT_S) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def count(self, name: str) -> int:
        """Return how many records the table of the page has of a name."""
        return int(sum(row["num_requests"] for row in self.figures()["stats"] if row["name"] == name))


def test_each_test_that_the_page_begins_is_one_of_its_own(tmp_path: Path) -> None:
    port = free_port()
    with locust(tmp_path, "--web-port", port, "--web-host", "127.0.0.1") as started:
        page = Page(port)
        for tests, rate in ((1, 100), (2, 50)):
            page.begin(rate=rate, run_time="3s")
            started.await_end(page, tests=tests)
            assert (page.count("produce"), page.count("consume")) == (3 * rate, 3 * rate)
        page.begin(rate=-1)
        wait_until(lambda: "got --rate -1" in started.said, what="the refusal", timeout_s=TIMEOUT_S)
        page.begin(rate=100, run_time="60s")
        wait_until(lambda: len(started.folders) == 3, what="a third test", timeout_s=TIMEOUT_S)
        wait_until(lambda: bool(trace.read(started.folders[2]).frames), what="records", timeout_s=TIMEOUT_S)
        page.stop()
        started.await_end(page, tests=3)
    assert [started.outcome(number)["verdict"] for number in range(3)] == ["PASS"] * 3
    assert len(started.folders) == 3
    first = ProducerOrder.read(started.folders[0] / "producer-0.order.json")
    assert first.folder == str(started.folders[0])
