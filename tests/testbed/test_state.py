"""The lock, the state file, and what people and programs are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import MachineError
from testbed import controlplane, health, inspection, layout, lifecycle, shell, state
from testbed.inspection import Status
from testbed.locking import holder, lock, parse_holder

DOWN = Status(
    healthy=False,
    nodes={},
    daemons={},
    daemons_memory_mib=0,
    pods_memory_mib=0,
    volumes={},
    image="i",
    versions={},
    in_use_by="",
    leftovers=(),
)


def test_the_same_process_may_take_the_lock_again(tmp_path: Path) -> None:
    with lock(path=tmp_path / "l"), lock(path=tmp_path / "l"):
        pass
    with lock(path=tmp_path / "l"):
        pass


def test_a_second_process_is_told_who_has_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "l"
    take = f"from testbed.locking import lock; from pathlib import Path\nwith lock(path=Path({str(path)!r})): pass"
    with lock(path=path):
        done = subprocess.run([sys.executable, "-c", take], capture_output=True, text=True, check=False)
    assert f"in use by process {os.getpid()} " in done.stderr
    with lock(path=path):
        pass


def test_a_dead_holder_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "l"
    die = (
        "import os; from testbed.locking import lock; from pathlib import Path\n"
        f"with lock(path=Path({str(path)!r})): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", die], check=False).returncode == 9
    with lock(path=path):
        assert path.read_text(encoding="utf-8") == str(os.getpid())


def test_a_saved_state_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    assert state.load(file=file) == ()
    state.save(layout.nodes(4), file=file)
    assert state.load(file=file) == layout.nodes(4)
    file.write_text("{", encoding="utf-8")
    assert state.load(file=file) == ()


def test_created_mount_points_are_remembered(tmp_path: Path) -> None:
    file = tmp_path / "points.json"
    assert state.created_mount_points(file=file) == ()
    state.save_created_mount_points(("/var/lib/kubelet",), file=file)
    assert state.created_mount_points(file=file) == ("/var/lib/kubelet",)


def nodes_json(**ready: str) -> str:
    items = [
        {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": status}]}}
        for name, status in ready.items()
    ]
    return json.dumps({"items": [*items, {"metadata": {"name": "new"}, "status": {}}]})


def test_a_node_is_ready_only_when_it_says_so() -> None:
    assert health.parse_nodes(nodes_json(a="True", b="False", c="Unknown")) == {
        "a": True,
        "b": False,
        "c": False,
        "new": False,
    }


def test_a_ready_node_that_takes_no_pods_yet_is_not_ready() -> None:
    nodes = json.loads(nodes_json(a="True", b="True"))
    nodes["items"][0]["spec"] = {"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]}
    nodes["items"][1]["spec"] = {"taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]}
    assert health.parse_nodes(json.dumps(nodes)) == {"a": False, "b": True, "new": False}


def test_every_daemon_has_its_own_files() -> None:
    daemons = health.daemons(layout.nodes(5))
    assert len({daemon.pid_file for daemon in daemons}) == len(daemons) == 6 + 3 * 5


def test_clients_enter_with_the_clusters_dns() -> None:
    bed = state.testbed(layout.nodes(3))
    assert lifecycle.enter(bed, ["id"]) == ["ip", "netns", "exec", "greenfield", "id"]
    assert bed.nodes == ("node-1", "node-2", "node-3")


def test_kubectl_stands_in_the_fabric() -> None:
    assert controlplane.kubectl_argv("get", "nodes")[:2] == ["nsenter", "--net=/run/netns/greenfield"]


def test_a_testbed_that_is_down_says_so() -> None:
    assert str(DOWN) == "The testbed is down."


def test_ruins_are_named() -> None:
    text = str(replace(DOWN, leftovers=("mount /x",)))
    assert text.startswith("The testbed is down, but")
    assert text.endswith("  mount /x")


def test_a_testbed_that_is_being_changed_says_by_whom() -> None:
    assert str(replace(DOWN, in_use_by="7", leftovers=("mount /x",))).startswith("Process 7 is bringing")
    assert "in use    by process 7" in str(replace(DOWN, in_use_by="7", daemons={"a": 1}))
    assert "in use" not in str(replace(DOWN, daemons={"a": 1}))


def test_the_holder_of_the_lock_is_known_to_others(tmp_path: Path) -> None:
    path = tmp_path / "l"
    assert holder(path=path) == ""
    with lock(path=path):
        assert holder(path=path) == str(os.getpid())
    assert holder(path=path) == ""


def test_the_kernels_table_of_locks() -> None:
    table = "1: POSIX  ADVISORY  WRITE 3 fe:00:77 0 EOF\n2: FLOCK  ADVISORY  WRITE 812 fe:00:77 0 EOF\n"
    assert parse_holder(table, 77) == "812"
    assert parse_holder(table, 7) == ""


def test_a_dead_daemon_is_named() -> None:
    daemons = {"node-1/kubelet": None, "node-1/containerd": 4}
    text = str(replace(DOWN, daemons=daemons, nodes={"node-1": False}))
    assert "NOT healthy" in text
    assert "1 of 2 alive; dead: node-1/kubelet" in text
    assert "node-1 NOT READY" in text


def test_status_is_plain_data() -> None:
    assert json.loads(json.dumps(DOWN.as_json()))["healthy"] is False


def test_resident_memory() -> None:
    assert inspection.resident_mib("Name:\tx\nVmRSS:\t  204800 kB\nThreads:\t1\n") == 200
    assert inspection.resident_mib("") == 0


def test_a_failed_program_is_one_sentence_with_its_last_words() -> None:
    with pytest.raises(MachineError, match=r"ended with 3: it said: b / c"):
        shell.run(["sh", "-c", "echo b >&2; echo c >&2; exit 3"])


def test_a_missing_program_is_named() -> None:
    with pytest.raises(MachineError, match="'no-such-program' is not installed"):
        shell.attempt(["no-such-program"])


def test_a_program_that_does_not_end_is_named() -> None:
    with pytest.raises(MachineError, match=r"`sleep 9` did not end within 0.1 s"):
        shell.run(["sleep", "9"], timeout_s=0.1)


def test_a_build_step_cannot_outlive_its_caller() -> None:
    argv = shell.contained(["go", "build"])
    assert argv[:3] == ["setpriv", "--pdeathsig", "KILL"]
    assert "--kill-child" in argv
    assert shell.offline(["x"])[-1] == "x"
