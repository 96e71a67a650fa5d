"""Logs of pods, kept while they are written: Kubernetes throws the log of a pod away together with the pod."""

from __future__ import annotations

import contextlib
import json
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from harness.cluster.connection import ANSWER_TIMEOUT_S, Connection
from harness.cluster.pods import KAFKA, ZOOKEEPER

LOOK_EVERY_S = 1.0
LAST_LINES_S = 1.0
"""For what a container has said last to come over; the streams of containers that go on do not end by themselves."""

END_S = 5.0

CHUNK_BYTES = 64 * 1024
MOST_BYTES = 64 * 1024 * 1024
"""A broker at INFO writes some megabytes in an hour; one at TRACE must not fill the disk of whoever looks at it."""

CUT = b"\n[the harness keeps no more of this log]\n"
UNREACHABLE = (ApiException, urllib3.exceptions.HTTPError, OSError)


@dataclass(frozen=True, kw_only=True)
class Container:
    """One incarnation of a pod's container: each restart and each new pod is another one."""

    pod: str
    name: str
    id: str


def log_source(connection: Connection) -> client.CoreV1Api:
    """Return a client of its own for logs: open streams must not take the places in everybody's pool of connections."""
    return client.CoreV1Api(client.ApiClient(connection.api.configuration))


class PodLogs:
    """A context that writes what each incarnation of a Kafka or ZooKeeper container logs into a file of its own.

    `kafka-0.1.log` is the first incarnation of kafka-0 that was met, `kafka-0.2.log` the next one. What runs already
    is followed from the moment of entering, everything else from its first line. Incarnations are looked for once a
    second: one that lives for less may be missed. A stream that breaks off is taken up again, and may repeat what was
    logged in the last second. Logs are for people who look for a cause. Nothing is judged by them, so a run must not
    end because they cannot be had; that the API server refuses them is told to `refused`, once.
    """

    def __init__(
        self, source: client.CoreV1Api, namespace: str, folder: Path, *, refused: Callable[[str], object]
    ) -> None:
        self._source, self._namespace, self._folder, self._refused = source, namespace, folder, refused
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="pod-logs", daemon=True)
        self._met: dict[Container, _Stream] = {}

    def __enter__(self) -> PodLogs:
        self._folder.mkdir(parents=True, exist_ok=True)
        for container in self._look():
            self._meet(container, since_s=time.monotonic())
        self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._keeper.join(END_S)
        deadline_s = time.monotonic() + LAST_LINES_S
        for stream in self._met.values():
            stream.await_end(until_s=deadline_s)
        for stream in self._met.values():
            stream.end()

    def _keep(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            for container in self._look():
                if container not in self._met:
                    self._meet(container, since_s=None)
                self._met[container].flow()

    def _look(self) -> tuple[Container, ...]:
        """Return the containers that run now; none while nobody can say."""
        try:
            # Read as plain JSON: building models of six pods costs ten times as much, once a second.
            answer: Any = self._source.list_namespaced_pod(
                self._namespace, _preload_content=False, _request_timeout=ANSWER_TIMEOUT_S
            )
            return tuple(_running(json.loads(answer.data)["items"]))
        except UNREACHABLE as error:
            self._note(error)
            return ()

    def _meet(self, container: Container, *, since_s: float | None) -> None:
        number = 1 + sum(met.pod == container.pod for met in self._met)
        self._met[container] = _Stream(
            lambda seconds: self._opened(container, seconds),
            self._folder / f"{container.pod}.{number}.log",
            since_s=since_s,
            note=self._note,
        )

    def _opened(self, container: Container, since_seconds: int | None) -> urllib3.HTTPResponse:
        since: dict[str, Any] = {} if since_seconds is None else {"since_seconds": since_seconds}
        answer: Any = self._source.read_namespaced_pod_log(
            container.pod,
            self._namespace,
            container=container.name,
            follow=True,
            _preload_content=False,
            **since,
        )
        return answer  # type: ignore[no-any-return]  # what _preload_content=False makes of it

    def _note(self, error: Exception) -> None:
        """Tell of a refusal; what else goes wrong is tried again a second later."""
        if isinstance(error, ApiException) and error.status in (401, 403):
            tell, self._refused = self._refused, lambda _: None
            tell(f"{error.status} {error.reason}")


class _Stream:
    """The log of one incarnation on its way into its file, in a thread of its own while it flows."""

    def __init__(
        self,
        opened: Callable[[int | None], urllib3.HTTPResponse],
        path: Path,
        *,
        since_s: float | None,
        note: Callable[[Exception], object],
    ) -> None:
        self._opened, self._path, self._note = opened, path, note
        self._since_s = since_s
        self._left_bytes = MOST_BYTES
        self._answer: urllib3.HTTPResponse | None = None
        self._thread: threading.Thread | None = None

    def flow(self) -> None:
        """Go on reading, if nobody does."""
        if self._left_bytes and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._read, name=f"log {self._path.name}", daemon=True)
            self._thread.start()

    def await_end(self, *, until_s: float) -> None:
        """Wait until the log has ended by itself, as it does with its container."""
        if self._thread is not None:
            self._thread.join(max(0.0, until_s - time.monotonic()))

    def end(self) -> None:
        """Stop reading."""
        if self._thread is not None and self._answer is not None and self._thread.is_alive():
            with contextlib.suppress(Exception):  # it may have ended by itself in this very moment
                self._answer.shutdown()
            self._thread.join(END_S)

    def _read(self) -> None:
        since = None if self._since_s is None else max(1, math.ceil(time.monotonic() - self._since_s))
        try:
            self._answer = self._opened(since)
            with self._path.open("ab") as file:
                for piece in self._answer.stream(CHUNK_BYTES):
                    file.write(piece[: self._left_bytes])
                    self._left_bytes -= min(len(piece), self._left_bytes)
                    self._since_s = time.monotonic()
                    if not self._left_bytes:
                        file.write(CUT)
                        return
                    file.flush()
        except UNREACHABLE as error:
            self._note(error)


def _running(pods: Iterable[dict[str, Any]]) -> Iterator[Container]:
    """Yield the running first container of each pod of Kafka and ZooKeeper."""
    for pod in pods:
        name = pod["metadata"]["name"]
        statuses = pod.get("status", {}).get("containerStatuses", [])
        if name.rpartition("-")[0] in (KAFKA, ZOOKEEPER) and statuses and "running" in statuses[0].get("state", {}):
            yield Container(pod=name, name=statuses[0]["name"], id=statuses[0].get("containerID", ""))
