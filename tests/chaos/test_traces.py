"""Traces: each is seen where it is, is not seen where it is not, and who cannot look never says that it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes import client

from chaos.badimage import BAD_IMAGE
from chaos.release import NEXT_IMAGE
from chaos.traces.cordons import Cordons
from chaos.traces.fillers import FillerFiles
from chaos.traces.images import BadImages
from chaos.traces.mounts import ReadOnlyVolumes
from chaos.traces.objects import Agents, EphemeralContainers, FaultObjects
from chaos.traces.paused import PausedProcesses, stopped
from chaos.traces.reach import UnreachableMembers
from chaos.traces.releases import NextReleases
from chaos.traces.replicas import OtherReplicas
from chaos.traces.services import MissingServices
from chaos.traces.throttles import RATES, UNLIMITED, limits
from harness.audit import Trace
from harness.cluster.connection import metadata
from harness.verdict import Inconclusive
from tests.chaos.world import PAUSED, RUNNING, World, named, stateful_set


def ephemeral(world: World, state: client.V1ContainerState | None) -> None:
    """Put an ephemeral container into a broker's pod."""
    status = client.V1ContainerStatus(
        name="harness-1", image="", image_id="", ready=False, restart_count=0, state=state
    )
    assert world.pods[0].status is not None
    world.pods[0].status.ephemeral_container_statuses = [status]


def scaled(world: World, *, asked: int, declared: str | None) -> None:
    """Ask the brokers' StatefulSet for some pods."""
    world.sets[0] = stateful_set("kafka", asked=asked, declared=declared)


def away(world: World) -> None:
    """Let a broker's pod be there and not run."""
    assert world.pods[0].status is not None
    world.pods[0].status.phase = "Pending"


def asking_in_vain(world: World) -> None:
    """Let a broker's pod ask for an image that nobody has."""
    assert world.pods[0].spec is not None
    world.pods[0].spec.containers[0].image = BAD_IMAGE


def rolled(world: World) -> None:
    """Let a broker's pod ask for the release that its StatefulSet names as the next one."""
    annotations, spec = metadata(world.sets[0]).annotations, world.pods[0].spec
    assert annotations is not None
    assert spec is not None
    annotations[NEXT_IMAGE] = spec.containers[0].image = "kafka:2"


RUNS = client.V1ContainerState(running=client.V1ContainerStateRunning())
ENDED = client.V1ContainerState(terminated=client.V1ContainerStateTerminated(exit_code=0))


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is done to the world, and what the trace says then."""

    trace: Trace
    act: Callable[[World], object]
    said: tuple[str, ...]


LEFT = {
    "fewer pods than declared": Case(
        trace=OtherReplicas(),
        act=lambda world: scaled(world, asked=1, declared="3"),
        said=("StatefulSet kafka is asked for 1 pods, declared are 3",),
    ),
    "more pods than declared": Case(
        trace=OtherReplicas(),
        act=lambda world: scaled(world, asked=4, declared="3"),
        said=("StatefulSet kafka is asked for 4 pods, declared are 3",),
    ),
    "fewer pods than claims, where nothing was declared": Case(
        trace=OtherReplicas(),
        act=lambda world: scaled(world, asked=1, declared=None),
        said=("StatefulSet kafka is asked for 1 pods and has claims for 3",),
    ),
    "a cordoned node": Case(
        trace=Cordons(), act=lambda world: world.cordoned.add("node-2"), said=("node node-2 is cordoned",)
    ),
    "a helper pod": Case(
        trace=FaultObjects(),
        act=lambda world: world.labelled.update(pod=[named(client.V1Pod, "helper")]),
        said=("pod greenfield/helper",),
    ),
    "a DaemonSet": Case(
        trace=FaultObjects(),
        act=lambda world: world.labelled.update(DaemonSet=[named(client.V1Pod, "agent")]),
        said=("DaemonSet greenfield/agent",),
    ),
    "a NetworkPolicy": Case(
        trace=FaultObjects(),
        act=lambda world: world.labelled.update(NetworkPolicy=[named(client.V1NetworkPolicy, "cut")]),
        said=("NetworkPolicy greenfield/cut",),
    ),
    "an agent's namespace": Case(
        trace=Agents(),
        act=lambda world: world.namespaces.append("greenfield-agent-1"),
        said=("namespace greenfield-agent-1",),
    ),
    "an ephemeral container that runs": Case(
        trace=EphemeralContainers(), act=lambda world: ephemeral(world, RUNS), said=("kafka-0/harness-1",)
    ),
    "an ephemeral container of which nothing is known": Case(
        trace=EphemeralContainers(), act=lambda world: ephemeral(world, None), said=("kafka-0/harness-1",)
    ),
    "a paused process": Case(
        trace=PausedProcesses(),
        act=lambda world: world.status.update({"zookeeper-1": RUNNING + PAUSED}),
        said=("java in zookeeper-1 is stopped",),
    ),
    "a filler file": Case(
        trace=FillerFiles(),
        act=lambda world: world.files.update({("kafka-2", "/var/lib/data"): ["orders-0", "harness-fault-1"]}),
        said=("kafka-2:/var/lib/data/harness-fault-1",),
    ),
    "a read-only volume": Case(
        trace=ReadOnlyVolumes(),
        act=lambda world: world.read_only.add(("kafka-1", "/var/lib/data")),
        said=("kafka-1:/var/lib/data is read-only",),
    ),
    "a Service that is gone": Case(
        trace=MissingServices(),
        act=lambda world: world.services.remove("kafka"),
        said=("there is no Service kafka",),
    ),
    "a pod that asks for what nobody has": Case(
        trace=BadImages(), act=asking_in_vain, said=(f"pod kafka-0 asks for {BAD_IMAGE}",)
    ),
    "a pod of the next release": Case(trace=NextReleases(), act=rolled, said=("pod kafka-0 asks for kafka:2",)),
    "a partition": Case(
        trace=UnreachableMembers(),
        act=lambda world: world.unreached.update({"kafka-0": ["kafka-2"]}),
        said=("kafka-0 does not reach kafka-2",),
    ),
}
TRACES = {case.trace.name: case.trace for case in LEFT.values()}
every_trace = pytest.mark.parametrize("trace", TRACES.values(), ids=list(TRACES))


@pytest.mark.parametrize("case", LEFT.values(), ids=list(LEFT))
def test_what_is_left_is_seen(case: Case) -> None:
    world = World()
    case.act(world)
    assert case.trace.left(world.cluster) == case.said


@every_trace
def test_in_a_healthy_cluster_nothing_is_left(trace: Trace) -> None:
    assert trace.left(World().cluster) == ()


@every_trace
def test_who_may_not_look_has_not_seen_that_nothing_is_left(trace: Trace) -> None:
    with pytest.raises(Exception, match="Forbidden"):
        trace.left(World(forbidden=True).cluster)


@pytest.mark.parametrize(
    "trace", [PausedProcesses(), FillerFiles(), ReadOnlyVolumes(), UnreachableMembers()], ids=lambda t: t.name
)
def test_a_pod_that_nobody_can_look_into_is_not_clean(trace: Trace) -> None:
    with pytest.raises(Inconclusive):
        trace.left(World(broken={"kafka-1"}).cluster)
    world = World()
    away(world)
    with pytest.raises(Inconclusive, match="pod kafka-0 does not run"):
        trace.left(world.cluster)


def test_a_volume_that_is_not_mounted_is_not_clean() -> None:
    with pytest.raises(Inconclusive, match="/var/lib/data of kafka-0 cannot be seen"):
        ReadOnlyVolumes().left(World(unmounted={"/var/lib/data"}).cluster)


def test_a_template_that_asks_for_what_nobody_has_is_seen() -> None:
    world = World()
    container = client.V1Container(name="kafka", image=BAD_IMAGE)
    assert world.sets[0].spec is not None
    world.sets[0].spec.template.spec = client.V1PodSpec(containers=[container])
    assert BadImages().left(world.cluster) == (f"StatefulSet kafka asks for {BAD_IMAGE}",)


def test_an_ephemeral_container_that_has_ended_does_nothing_more() -> None:
    world = World()
    ephemeral(world, ENDED)
    assert EphemeralContainers().left(world.cluster) == ()


def test_a_cluster_that_was_never_noted_and_has_all_its_pods_is_as_it_was() -> None:
    world = World()
    scaled(world, asked=3, declared=None)
    assert OtherReplicas().left(world.cluster) == ()


def test_only_what_is_at_the_top_of_a_volume_and_has_the_name_is_a_filler() -> None:
    world = World(
        files={("kafka-0", "/etc/greenfield"): ["harness-fault-1"], ("kafka-0", "/tmp"): ["my-harness-fault-"]}
    )
    assert FillerFiles().left(world.cluster) == ()


@pytest.mark.parametrize("state", ["T (stopped)", "t (tracing stop)"])
def test_a_stopped_process_is_seen_among_others(state: str) -> None:
    text = RUNNING + RUNNING.replace("java", "sh").replace("S (sleeping)", state) + RUNNING
    assert stopped(text, where="kafka-0") == ("sh",)


@pytest.mark.parametrize("state", ["R (running)", "S (sleeping)", "D (disk sleep)", "Z (zombie)"])
def test_other_states_are_no_pause(state: str) -> None:
    assert stopped(RUNNING.replace("S (sleeping)", state), where="kafka-0") == ()


def test_a_process_may_be_called_as_it_likes() -> None:
    assert stopped(PAUSED.replace("java", "State: S"), where="kafka-0") == ("State: S",)


@pytest.mark.parametrize("text", ["", "sh: cat: not found", "Name:\tjava\n"])
def test_no_process_at_all_is_no_answer(text: str) -> None:
    with pytest.raises(Inconclusive, match="the processes of kafka-0 cannot be read"):
        stopped(text, where="kafka-0")


@given(st.sampled_from(RATES), st.integers(0, 2**40))
def test_a_rate_that_is_set_is_a_throttle(name: str, rate: int) -> None:
    assert limits({name: str(rate), "log.retention.ms": "1"}, RATES) == (f"{name}={rate}",)


@pytest.mark.parametrize("value", sorted(UNLIMITED))
def test_no_limit_is_no_throttle(value: str) -> None:
    assert limits(dict.fromkeys(RATES, value), RATES) == ()
    assert limits({}, RATES) == ()
