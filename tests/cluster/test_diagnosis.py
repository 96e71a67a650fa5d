"""Diagnosis: each cause is named when it is there and not when it is not, and the surest one comes first."""

from __future__ import annotations

from typing import Any

import pytest

from harness.cluster.diagnosis import RULES, Snapshot, crashing_pods, diagnose

NOTHING = "every pod is ready and no event tells of a problem"
Plain = dict[str, Any]


def pod(name: str = "kafka-1", *, conditions: list[Plain] | None = None, **status: Any) -> Plain:
    """Make a pod with one container called kafka; `status` is that of the container."""
    containers = [{"name": "kafka", "ready": False, "restartCount": 0, "image": "apache/kafka:3.9", **status}]
    return {
        "metadata": {"name": name},
        "status": {"containerStatuses": containers if status else None, "conditions": conditions or []},
    }


def waiting(reason: str, message: str = "") -> Plain:
    return {"waiting": {"reason": reason, "message": message}}


def terminated(exit_code: int, reason: str = "Error") -> Plain:
    return {"terminated": {"exitCode": exit_code, "reason": reason}}


def event(reason: str, *, name: str = "kafka-1", kind: str = "Pod", message: str = "so it is") -> Plain:
    return {"reason": reason, "message": message, "involvedObject": {"kind": kind, "name": name}}


READY = pod(ready=True, state={"running": {}})
NO_IMAGE = pod(state=waiting("ImagePullBackOff", "Back-off pulling\n image"))
NO_CONFIG = pod(state=waiting("CreateContainerConfigError", 'configmap "kafka" not found'))
CRASHED = pod(state=waiting("CrashLoopBackOff"), lastState=terminated(1), restartCount=2)
NO_ROOM = pod(conditions=[{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}])
UNREADY = pod(state={"running": {}})
CREATING = pod(state=waiting("ContainerCreating"))
NO_VOLUME = event("FailedCreate", kind="StatefulSet", name="kafka", message="exceeded quota")
KAFKA_SET = {"metadata": {"name": "kafka"}, "spec": {"replicas": 3}}
ZOOKEEPER_SET = {"metadata": {"name": "zookeeper"}, "spec": {"replicas": 3}}


def test_nothing_wrong_is_said_as_such() -> None:
    assert diagnose(Snapshot()) == NOTHING
    assert diagnose(Snapshot(pods=[READY], stateful_sets=[{**KAFKA_SET, "spec": {"replicas": 1}}])) == NOTHING


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"])
def test_an_image_that_cannot_be_had(reason: str) -> None:
    assert diagnose(Snapshot(pods=[pod(state=waiting(reason, "no such\n  host"))])) == (
        "pod kafka-1: image 'apache/kafka:3.9' of container kafka cannot be had: no such host"
    )


@pytest.mark.parametrize("reason", ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"])
def test_a_container_that_cannot_be_made(reason: str) -> None:
    assert diagnose(Snapshot(pods=[pod(state=waiting(reason, 'secret "x" not found'))])) == (
        'pod kafka-1: container kafka cannot be made: secret "x" not found'
    )


def test_a_reason_without_a_message_is_given_itself() -> None:
    assert diagnose(Snapshot(pods=[pod(state=waiting("ErrImagePull"))])).endswith("cannot be had: ErrImagePull")


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_a_container_that_is_being_made_is_no_cause_of_its_own(reason: str) -> None:
    found = diagnose(Snapshot(pods=[pod(state=waiting(reason))]))
    assert "cannot be" not in found
    assert "crashed" not in found


def test_a_crash_comes_with_the_telling_line_of_its_log() -> None:
    lines = [
        "starting",
        "[2026] ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)",
        "java.lang.IllegalArgumentException: requirement failed: advertised.listeners",
        "\tat kafka.server.KafkaConfig.validate(KafkaConfig.scala:1)",
        "stopped",
    ]
    assert diagnose(Snapshot(pods=[CRASHED], last_lines={"kafka-1": lines})) == (
        "pod kafka-1: container kafka crashed (exit code 1, restarted 2 times); its log says: "
        "java.lang.IllegalArgumentException: requirement failed: advertised.listeners"
    )


def test_a_crash_without_a_telling_line_gives_its_last_one() -> None:
    assert diagnose(Snapshot(pods=[CRASHED], last_lines={"kafka-1": ["starting", "bye", "  "]})).endswith(
        "; its log says: bye"
    )


def test_a_crash_without_a_log_says_so() -> None:
    assert diagnose(Snapshot(pods=[CRASHED])).endswith("; it logged nothing")


def test_a_crash_of_another_pod_does_not_lend_its_log() -> None:
    assert diagnose(Snapshot(pods=[CRASHED], last_lines={"kafka-2": ["ERROR"]})).endswith("; it logged nothing")


def test_a_container_that_has_just_ended_is_a_crash_too() -> None:
    assert "crashed (exit code 3, restarted 0 times)" in diagnose(Snapshot(pods=[pod(state=terminated(3))]))


def test_a_kill_for_memory_is_called_so() -> None:
    killed = pod(state=waiting("CrashLoopBackOff"), lastState=terminated(137, "OOMKilled"), restartCount=4)
    assert "crashed (out of memory, restarted 4 times)" in diagnose(Snapshot(pods=[killed]))


def test_a_container_that_ends_in_peace_again_and_again_is_a_crash() -> None:
    ended = pod(state=waiting("CrashLoopBackOff"), lastState=terminated(0, "Completed"), restartCount=2)
    assert "crashed (exit code 0, restarted 2 times)" in diagnose(Snapshot(pods=[ended]))


def test_a_container_that_crashed_once_and_is_ready_again_is_no_cause() -> None:
    recovered = pod(ready=True, state={"running": {}}, lastState=terminated(1), restartCount=1)
    assert diagnose(Snapshot(pods=[recovered])) == NOTHING


def test_a_pod_for_which_there_is_no_room() -> None:
    assert diagnose(Snapshot(pods=[NO_ROOM])) == "pod kafka-1: cannot be scheduled: 0/3 nodes are available"


def test_a_pod_that_is_scheduled_is_not_called_unschedulable() -> None:
    scheduled = pod(conditions=[{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}])
    assert "cannot be scheduled" not in diagnose(Snapshot(pods=[scheduled]))


@pytest.mark.parametrize("reason", ["FailedCreate", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"])
def test_something_that_was_refused_is_told_by_its_event(reason: str) -> None:
    found = diagnose(Snapshot(pods=[CREATING], events=[event(reason, message="no such disk")]))
    assert found == f"Pod kafka-1: {reason}: no such disk"


def test_the_last_refusal_is_told() -> None:
    events = [event("FailedMount", message="first"), event("FailedMount", message="last")]
    assert diagnose(Snapshot(pods=[CREATING], events=events)).endswith("last")


def test_a_refusal_that_a_running_pod_has_got_over_is_not_told() -> None:
    found = diagnose(Snapshot(pods=[UNREADY], events=[event("FailedMount")]))
    assert found == "pod kafka-1: container kafka runs and is not ready; it logged nothing"


def test_a_refusal_of_a_pod_that_is_gone_is_not_told() -> None:
    assert diagnose(Snapshot(pods=[READY], events=[event("FailedMount", name="kafka-of-old")])) == NOTHING


def test_other_events_are_no_cause() -> None:
    assert diagnose(Snapshot(pods=[READY], events=[event("Unhealthy"), event("BackOff")])) == NOTHING


def test_a_pod_that_runs_and_is_not_ready_comes_with_its_probe_and_log() -> None:
    probe = event("Unhealthy", message="Readiness probe failed:\n not in sync")
    found = diagnose(Snapshot(pods=[UNREADY], events=[probe], last_lines={"kafka-1": ["waiting for the controller"]}))
    assert found == (
        "pod kafka-1: container kafka runs and is not ready: Readiness probe failed: not in sync; "
        "its log says: waiting for the controller"
    )


def test_pods_that_were_never_made() -> None:
    assert diagnose(Snapshot(pods=[READY], stateful_sets=[KAFKA_SET])) == "StatefulSet kafka: 1 of 3 pods exist"


def test_a_set_is_not_credited_with_the_pods_of_another() -> None:
    other = pod("kafka-exporter-0", ready=True, state={"running": {}})
    alone = {"metadata": {"name": "kafka"}, "spec": {"replicas": 1}}
    assert diagnose(Snapshot(pods=[other], stateful_sets=[alone])) == "StatefulSet kafka: 0 of 1 pods exist"


@pytest.mark.parametrize(
    ("surer", "vaguer", "told"),
    [
        (NO_IMAGE, NO_CONFIG, "cannot be had"),
        (NO_CONFIG, CRASHED, "cannot be made"),
        (CRASHED, NO_ROOM, "crashed"),
        (NO_ROOM, UNREADY, "cannot be scheduled"),
    ],
)
def test_the_surer_cause_wins_in_whatever_order_the_pods_come(surer: Plain, vaguer: Plain, told: str) -> None:
    for pods in ([surer, vaguer], [vaguer, surer]):
        assert told in diagnose(Snapshot(pods=pods, events=[NO_VOLUME], stateful_sets=[KAFKA_SET]))


def test_a_refusal_is_surer_than_a_pod_that_is_not_ready_and_that_is_surer_than_a_missing_one() -> None:
    everything = Snapshot(pods=[UNREADY], events=[NO_VOLUME], stateful_sets=[KAFKA_SET])
    assert diagnose(everything) == "StatefulSet kafka: FailedCreate: exceeded quota"
    assert "runs and is not ready" in diagnose(Snapshot(pods=[UNREADY], stateful_sets=[KAFKA_SET]))


def test_every_rule_has_been_seen_to_fire_and_not_to_fire() -> None:
    snapshots = [
        Snapshot(
            pods=[NO_IMAGE, NO_CONFIG, CRASHED, NO_ROOM, UNREADY], events=[NO_VOLUME], stateful_sets=[ZOOKEEPER_SET]
        ),
        Snapshot(pods=[READY]),
    ]
    assert [[bool(list(rule(snapshot))) for snapshot in snapshots] for rule in RULES] == [[True, False]] * len(RULES)


def test_pods_that_crash_again_and_again_are_told_apart_from_those_that_did_once() -> None:
    once = pod("kafka-0", state={"running": {}}, lastState=terminated(1), restartCount=1)
    often = pod("kafka-1", state=waiting("CrashLoopBackOff"), lastState=terminated(1), restartCount=3)
    in_peace = pod("kafka-2", state={"running": {}}, lastState=terminated(0), restartCount=5)
    assert crashing_pods(Snapshot(pods=[once, often, in_peace, NO_ROOM]), restarts=3) == ("kafka-1",)


def test_a_long_line_is_cut() -> None:
    assert len(diagnose(Snapshot(pods=[CRASHED], last_lines={"kafka-1": ["ERROR " + "x" * 5000]}))) < 400
