"""The agent: bound to its node, gone after use, and of no more rights under test than before."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from chaos.agent import MAIN, PREAMBLE, STRIKE, Agent, AgentRemoved, Target, hands, pod_body
from harness.remedies import remedy_of
from harness.verdict import Inconclusive, Unsupported
from harness.waiting import wait_until
from tests.chaos.nodes import Nodes

ECHO = "echo"


def nodes() -> Nodes:
    return Nodes({ECHO: lambda _, node, arguments: " ".join((node, *arguments)), "false": lambda *_: None})


def test_an_agent_is_made_where_it_is_needed_when_it_is_needed() -> None:
    world = nodes()
    agent = Agent.new(world.cluster)
    assert not agent.is_there()
    assert agent.run("node-2", ECHO, "a") == "node-2 a"
    assert agent.run("node-2", ECHO, "b") == "node-2 b"
    assert agent.run("node-3", ECHO) == "node-3"
    assert world.namespaces.agents == {agent.name: ["node-2", "node-3"]}


def test_two_faults_have_two_agents() -> None:
    cluster = nodes().cluster
    assert Agent.new(cluster).name != Agent.new(cluster).name


def test_an_agent_is_removed_and_may_be_removed_again() -> None:
    world = nodes()
    agent = Agent.new(world.cluster)
    remedy = AgentRemoved(agent=agent.name)
    assert remedy.remains(world.cluster) == ""
    agent.run("node-1", ECHO)
    assert remedy.remains(world.cluster) == f"there is the agent's namespace {agent.name}"
    remedy.apply(world.cluster)
    remedy.apply(world.cluster)
    assert remedy.remains(world.cluster) == ""
    assert not agent.is_there()
    assert remedy_of(remedy.as_json()) == remedy


def test_when_the_agent_is_gone_another_one_lends_a_hand_and_goes() -> None:
    world = nodes()
    with hands(world.cluster, "greenfield-agent-x") as agent:
        assert agent.run("node-1", ECHO) == "node-1"
        assert AgentRemoved(agent="greenfield-agent-x").remains(world.cluster)
    assert world.namespaces.agents == {}


def test_an_agent_that_is_there_is_used_and_stays() -> None:
    world = nodes()
    Agent(world.cluster, "greenfield-agent-x").run("node-1", ECHO)
    with hands(world.cluster, "greenfield-agent-x") as agent:
        assert agent.name == "greenfield-agent-x"
    assert list(world.namespaces.agents) == ["greenfield-agent-x"]


def test_a_script_that_fails_has_shown_nothing() -> None:
    with pytest.raises(Inconclusive, match="the agent on node-1 ended with 1: it failed"):
        Agent.new(nodes().cluster).run("node-1", "false")


def test_where_no_agent_may_be_made_the_fault_is_unsupported() -> None:
    world = nodes()
    world.namespaces.refuse_with = 403
    with pytest.raises(Unsupported, match="may not be made here"):
        Agent.new(world.cluster).run("node-1", ECHO)


def test_a_pod_that_does_not_run_is_no_target() -> None:
    world = nodes()
    del world.pods["kafka-1"]
    with pytest.raises(Inconclusive, match="kafka-1 is not running"):
        Target.of(world.cluster, "kafka-1")


def test_an_agent_holds_no_token_of_the_api_server_and_needs_no_scheduler() -> None:
    spec = pod_body("node-1", image="kafka:1")["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["nodeName"] == "node-1"


def run_main(folder: Path) -> subprocess.Popen[bytes]:
    """Start the agent's own loop with its folder elsewhere."""
    return subprocess.Popen(["bash", "-c", MAIN.replace("/tmp/undo", str(folder))], start_new_session=True)


def strike(folder: Path, *, seconds: int, done: Path) -> None:
    script = STRIKE.replace("/tmp/", f"{folder}/")
    do, undo = 'echo "did $1" >>"$2"', 'echo "undid $1" >>"$2"'
    subprocess.run(["bash", "-c", script, "agent", str(seconds), undo, do, "it's a test", str(done)], check=True)


@pytest.mark.parametrize("seconds", [0, 600])
def test_what_was_done_is_undone_at_its_deadline_or_when_the_agent_ends(tmp_path: Path, seconds: int) -> None:
    (tmp_path / "undo").mkdir()
    done = tmp_path / "done"
    strike(tmp_path, seconds=seconds, done=done)
    assert done.read_text() == "did it's a test\n"
    main = run_main(tmp_path / "undo")
    try:
        wait_until(lambda: _has_begun(main.pid), what="the loop", timeout_s=10)
        if seconds:
            assert done.read_text() == "did it's a test\n"
            os.kill(main.pid, signal.SIGTERM)
            main.wait(timeout=10)
        wait_until(lambda: done.read_text() == "did it's a test\nundid it's a test\n", what="undone", timeout_s=10)
        wait_until(lambda: not any((tmp_path / "undo").iterdir()), what="only once", timeout_s=10)
    finally:
        main.kill()
        main.wait()


def _has_begun(pid: int) -> bool:
    """Say whether the loop sleeps, which it does after its first look."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return any(Path(f"/proc/{child}/comm").read_text() == "sleep\n" for child in children)


def test_a_tool_that_is_nowhere_is_said_to_be_missing() -> None:
    done = subprocess.run(["bash", "-c", PREAMBLE + "tool no-such-tool"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (97, "neither the image nor the node has no-such-tool\n")
