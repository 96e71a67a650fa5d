"""Diagnosis: which object keeps the stage from coming up, and why, in one sentence. Pure: it reads a snapshot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The namespace at one moment, as plain API objects; `last_lines` are the last log lines by pod name."""

    pods: Sequence[Body] = ()
    events: Sequence[Body] = ()
    stateful_sets: Sequence[Body] = ()
    last_lines: Mapping[str, Sequence[str]] = field(default_factory=dict)


def diagnose(snapshot: Snapshot) -> str:
    """Name the most telling cause; causes are tried from the surest to the vaguest."""
    for rule in RULES:
        for cause in rule(snapshot):
            return cause
    return "every pod is ready and no event tells of a problem"


def crashing_pods(snapshot: Snapshot, *, restarts: int) -> tuple[str, ...]:
    """Return the pods with a container that has ended with an error at least this many times."""
    return tuple(
        name
        for name, _, status in _containers(snapshot)
        if status.get("restartCount", 0) >= restarts and _last_exit(status).get("exitCode", 0) != 0
    )


def _containers(snapshot: Snapshot) -> Iterator[tuple[str, str, Body]]:
    for pod in snapshot.pods:
        for status in pod.get("status", {}).get("containerStatuses") or ():
            yield pod["metadata"]["name"], status["name"], status


def _last_exit(status: Body) -> Body:
    ended = (status.get("state") or {}).get("terminated") or (status.get("lastState") or {}).get("terminated")
    return ended or {}


def _image(snapshot: Snapshot) -> Iterator[str]:
    for pod, container, status in _containers(snapshot):
        waiting = (status.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}:
            yield f"pod {pod}: image {status.get('image')!r} of container {container} cannot be had: {_clean(waiting)}"


def _configuration(snapshot: Snapshot) -> Iterator[str]:
    for pod, container, status in _containers(snapshot):
        waiting = (status.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}:
            yield f"pod {pod}: container {container} cannot be made: {_clean(waiting)}"


def _crash(snapshot: Snapshot) -> Iterator[str]:
    for pod, container, status in _containers(snapshot):
        ended = _last_exit(status)
        if ended and (ended.get("exitCode", 0) != 0 or status.get("restartCount", 0) > 1) and not status.get("ready"):
            reason = "out of memory" if ended.get("reason") == "OOMKilled" else f"exit code {ended.get('exitCode')}"
            times = status.get("restartCount", 0)
            line = _telling_line(snapshot.last_lines.get(pod, ()))
            yield f"pod {pod}: container {container} crashed ({reason}, restarted {times} times){line}"


def _unschedulable(snapshot: Snapshot) -> Iterator[str]:
    for pod in snapshot.pods:
        for condition in pod.get("status", {}).get("conditions") or ():
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                why = condition.get("message", "no reason given")
                yield f"pod {pod['metadata']['name']}: cannot be scheduled: {why}"


def _refused(snapshot: Snapshot) -> Iterator[str]:
    running = {pod for pod, _, status in _containers(snapshot) if "running" in (status.get("state") or {})}
    present = {pod["metadata"]["name"] for pod in snapshot.pods} - running  # a pod that runs has got over its refusals
    for event in reversed(snapshot.events):
        if event.get("reason") in {"FailedCreate", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"}:
            involved = event.get("involvedObject") or {}
            if involved.get("kind") != "Pod" or involved.get("name") in present:
                yield f"{involved.get('kind')} {involved.get('name')}: {event['reason']}: {event.get('message', '')}"


def _not_ready(snapshot: Snapshot) -> Iterator[str]:
    for pod, container, status in _containers(snapshot):
        if not status.get("ready"):
            probe = _last_event(snapshot, pod, reason="Unhealthy")
            line = _telling_line(snapshot.last_lines.get(pod, ()))
            yield f"pod {pod}: container {container} runs and is not ready{probe and ': ' + probe}{line}"


def _missing(snapshot: Snapshot) -> Iterator[str]:
    for body in snapshot.stateful_sets:
        name, wanted = body["metadata"]["name"], body["spec"].get("replicas", 1)
        made = sum(
            re.fullmatch(rf"{re.escape(name)}-\d+", pod["metadata"]["name"]) is not None for pod in snapshot.pods
        )
        if made < wanted:
            yield f"StatefulSet {name}: {made} of {wanted} pods exist"


RULES: Sequence[Callable[[Snapshot], Iterator[str]]] = (
    _image,
    _configuration,
    _crash,
    _unschedulable,
    _refused,
    _not_ready,
    _missing,
)


def _last_event(snapshot: Snapshot, pod: str, *, reason: str) -> str:
    for event in reversed(snapshot.events):
        if event.get("reason") == reason and (event.get("involvedObject") or {}).get("name") == pod:
            return " ".join(str(event.get("message", "")).split())
    return ""


def _telling_line(lines: Sequence[str]) -> str:
    """Return the last line that tells of an error, or the last one at all."""
    words = ("ERROR", "FATAL", "Exception", "Error", "rror:")
    telling = [line for line in lines if any(word in line for word in words) and not line.lstrip().startswith("at ")]
    chosen = (telling or [line for line in lines if line.strip()])[-1:]
    return f"; its log says: {chosen[0].strip()[:240]}" if chosen else "; it logged nothing"


def _clean(waiting: Body) -> str:
    return " ".join(str(waiting.get("message") or waiting.get("reason")).split())
