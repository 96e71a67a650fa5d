"""Logs of pods are kept while they are written, each incarnation in its own file, whatever breaks in between."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from harness.cluster import pod_logs
from harness.cluster.pod_logs import CUT, PodLogs
from harness.waiting import wait_until

NAMESPACE = "greenfield"


class FakeAnswer:
    """A stream of log lines that a test feeds; an exception that is put into it breaks it."""

    def __init__(self) -> None:
        self.pieces: queue.Queue[bytes | Exception | None] = queue.Queue()

    def stream(self, _: int) -> Iterator[bytes]:
        while (piece := self.pieces.get(timeout=20)) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def shutdown(self) -> None:
        self.pieces.put(None)


class FakeSource:
    """An API server with pods and with the log of each of them, in memory."""

    def __init__(self) -> None:
        self.pods: list[dict[str, Any]] = []
        self.refusal: ApiException | None = None
        self.looks = 0
        self.opened: list[tuple[str, int | None, FakeAnswer]] = []

    def list_namespaced_pod(self, namespace: str, **_: object) -> object:
        assert namespace == NAMESPACE
        self.looks += 1
        if self.refusal is not None:
            raise self.refusal
        return type("Answer", (), {"data": json.dumps({"items": self.pods})})

    def read_namespaced_pod_log(
        self, pod: str, namespace: str, *, container: str, follow: bool, since_seconds: int | None = None, **_: object
    ) -> FakeAnswer:
        assert (namespace, container, follow) == (NAMESPACE, "main", True)
        self.opened.append((pod, since_seconds, FakeAnswer()))
        return self.opened[-1][2]

    def stream_of(self, number: int) -> FakeAnswer:
        wait_until(lambda: len(self.opened) > number, what=f"stream {number} being opened", timeout_s=10, every_s=0.01)
        return self.opened[number][2]


def pod(name: str, *, container: str = "one", state: str = "running") -> dict[str, Any]:
    status = {"name": "main", "containerID": container, "state": {state: {}}}
    return {"metadata": {"name": name}, "status": {"containerStatuses": [status]}}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_logs, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(pod_logs, "LAST_LINES_S", 0.01)


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def logs(source: FakeSource, tmp_path: Path, told: list[str]) -> PodLogs:
    return PodLogs(cast("client.CoreV1Api", source), NAMESPACE, tmp_path / "cluster", refused=told.append)


def await_text(path: Path, text: bytes) -> None:
    def there() -> bool:
        return path.exists() and path.read_bytes() == text

    wait_until(there, what=f"{text!r} in {path.name}", timeout_s=10, every_s=0.01)


def test_a_pod_that_comes_is_followed_from_its_first_line(logs: PodLogs, source: FakeSource, tmp_path: Path) -> None:
    with logs:
        source.pods = [pod("kafka-0"), pod("zookeeper-2", state="waiting"), pod("agent-x")]
        source.stream_of(0).pieces.put(b"starting\n")
        await_text(tmp_path / "cluster/kafka-0.1.log", b"starting\n")
    assert [(name, since) for name, since, _ in source.opened] == [("kafka-0", None)]


def test_what_runs_already_is_followed_from_now_on(logs: PodLogs, source: FakeSource) -> None:
    source.pods = [pod("kafka-0")]
    with logs:
        source.stream_of(0)
    assert source.opened[0][:2] == ("kafka-0", 1)


def test_each_incarnation_has_its_own_file(logs: PodLogs, source: FakeSource, tmp_path: Path) -> None:
    with logs:
        source.pods = [pod("kafka-0", container="one")]
        source.stream_of(0).pieces.put(b"first\n")
        source.stream_of(0).pieces.put(None)
        await_text(tmp_path / "cluster/kafka-0.1.log", b"first\n")
        source.pods = [pod("kafka-0", container="two")]
        wait_until(
            lambda: source.opened[-1][1] is None and (tmp_path / "cluster/kafka-0.2.log").exists(),
            what="the second incarnation being followed",
            timeout_s=10,
            every_s=0.01,
        )
        source.opened[-1][2].pieces.put(b"second\n")
        await_text(tmp_path / "cluster/kafka-0.2.log", b"second\n")
    assert (tmp_path / "cluster/kafka-0.1.log").read_bytes() == b"first\n"


def test_a_stream_that_breaks_off_is_taken_up_where_it_was(logs: PodLogs, source: FakeSource, tmp_path: Path) -> None:
    with logs:
        source.pods = [pod("kafka-0")]
        source.stream_of(0).pieces.put(b"before\n")
        source.stream_of(0).pieces.put(OSError("the node is cut off"))
        source.stream_of(1).pieces.put(b"after\n")
        await_text(tmp_path / "cluster/kafka-0.1.log", b"before\nafter\n")
    assert source.opened[1][1] == 1


def test_an_api_that_does_not_answer_is_asked_again(logs: PodLogs, source: FakeSource, told: list[str]) -> None:
    source.refusal = ApiException(status=503, reason="Service Unavailable")
    with logs:
        wait_until(lambda: source.looks > 2, what="more looks", timeout_s=10, every_s=0.01)
        source.refusal, source.pods = None, [pod("kafka-0")]
        source.stream_of(0)
    assert told == []


def test_a_refusal_is_told_once(logs: PodLogs, source: FakeSource, told: list[str]) -> None:
    source.refusal = ApiException(status=403, reason="Forbidden")
    with logs:
        wait_until(lambda: source.looks > 2, what="more looks", timeout_s=10, every_s=0.01)
    assert told == ["403 Forbidden"]


def test_a_log_is_cut_where_it_is_too_long_for_the_disk(
    logs: PodLogs, source: FakeSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pod_logs, "MOST_BYTES", 10)
    with logs:
        source.pods = [pod("kafka-0")]
        source.stream_of(0).pieces.put(b"0123456")
        source.stream_of(0).pieces.put(b"789and more")
        await_text(tmp_path / "cluster/kafka-0.1.log", b"0123456789" + CUT)
        looks = source.looks
        wait_until(lambda: source.looks > looks + 2, what="more looks", timeout_s=10, every_s=0.01)
    assert len(source.opened) == 1, "it was read on although nothing more is kept"


def test_a_stream_that_goes_on_is_left_at_the_end(logs: PodLogs, source: FakeSource) -> None:
    with logs:
        source.pods = [pod("kafka-0"), pod("kafka-1")]
        source.stream_of(1)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("log kafka-")]
