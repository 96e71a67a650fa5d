"""Leftovers: each finder is seen to find something and to find nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed import layout, leftovers, volumes
from testbed.leftovers import Marks
from tests.testbed.fake_proc import add_process

NO_MARKS = Marks(network_namespaces=frozenset(), mount_namespaces=frozenset(), cgroup_members=frozenset())
MARKS = Marks(network_namespaces=frozenset({50}), mount_namespaces=frozenset({60}), cgroup_members=frozenset({700}))
STATE = str(layout.STATE_DIR)


def test_strangers_are_no_leftovers(tmp_path: Path) -> None:
    add_process(tmp_path, 10, "/usr/bin/containerd")
    add_process(tmp_path, 11, "tail", "-f", f"{STATE}/control-plane/etcd.log")
    add_process(tmp_path, 12)
    (tmp_path / "self").mkdir()
    assert leftovers.processes(MARKS, proc=tmp_path) == ()


@pytest.mark.parametrize(
    ("argv", "net", "mnt", "pid"),
    [
        ((f"{STATE}/bin/etcd", "--name=testbed"), 1, 2, 5),
        (("containerd", f"--config={STATE}/build/containerd.toml"), 1, 2, 5),
        (("/usr/bin/containerd-shim-runc-v2",), 50, 60, 5),
        (("java", "kafka.Kafka"), 99, 98, 700),
    ],
)
def test_own_processes_are_found_and_known_as_ours(
    tmp_path: Path, argv: tuple[str, ...], net: int, mnt: int, pid: int
) -> None:
    add_process(tmp_path, pid, *argv, net=net, mnt=mnt)
    (found,) = leftovers.processes(MARKS, proc=tmp_path)
    assert (found.pid, found.ours) == (pid, True)


def test_a_client_in_the_fabric_is_named_but_not_ours(tmp_path: Path) -> None:
    add_process(tmp_path, 5, "python", "client.py", net=50)
    (found,) = leftovers.processes(MARKS, proc=tmp_path)
    assert not found.ours
    assert "process 5 (python client.py): in a network namespace" in str(found)


def test_the_same_client_is_nothing_without_our_namespaces(tmp_path: Path) -> None:
    add_process(tmp_path, 5, "python", "client.py", net=50)
    assert leftovers.processes(NO_MARKS, proc=tmp_path) == ()


def test_a_zombie_and_a_spared_process_are_no_leftovers(tmp_path: Path) -> None:
    add_process(tmp_path, 5, "java", net=50, state="Z")
    add_process(tmp_path, 6, "java", net=50)
    assert leftovers.processes(MARKS, proc=tmp_path, spare=(6,)) == ()


def test_ancestors_end_at_the_first_process(tmp_path: Path) -> None:
    add_process(tmp_path, 30, "a", parent=20, name="a) (b")
    add_process(tmp_path, 20, "b", parent=1)
    add_process(tmp_path, 1, "init", parent=0)
    assert leftovers.ancestors(30, proc=tmp_path) == (30, 20, 1)


def test_only_a_real_namespace_has_an_identity(tmp_path: Path) -> None:
    (tmp_path / "node-1").touch()
    own = Path("/proc/self/ns/net")
    assert leftovers.identities([tmp_path / "node-1", tmp_path / "gone"]) == frozenset()
    assert leftovers.identities([own, tmp_path / "node-1"]) == {own.stat().st_ino}


def test_network_namespaces() -> None:
    listed = "greenfield-node-2 (id: 3)\ngreenfield (id: 0)\ngreenfield-other\ncni-1234\n\n"
    assert leftovers.network_namespaces(listed) == ("greenfield-node-2", "greenfield")
    assert leftovers.network_namespaces("docker\n") == ()


def test_mounts_come_innermost_first() -> None:
    mountinfo = (
        "21 1 8:1 / / rw - ext4 /dev/vda rw\n"
        f"30 21 8:1 /x {STATE}/volumes rw shared:1 - ext4 /dev/vda rw\n"
        f"31 30 7:0 / {STATE}/volumes/node-1/10gi rw - ext4 /dev/loop0 rw\n"
        "32 21 8:1 / /var/lib/greenfield-testbed-of-somebody rw - ext4 /dev/vda rw\n"
    )
    assert leftovers.mounts(mountinfo) == (
        layout.STATE_DIR / "volumes" / "node-1" / "10gi",
        layout.STATE_DIR / "volumes",
    )
    assert leftovers.mounts("21 1 8:1 / / rw - ext4 /dev/vda rw\n") == ()


def test_loop_devices() -> None:
    listed = (
        '{"loopdevices": [{"name": "/dev/loop0", "back-file": "/home/disk.img"},'
        f' {{"name": "/dev/loop1", "back-file": "{STATE}/disks/node-1-10gi.ext4 (deleted)"}}]}}'
    )
    assert volumes.loop_devices(listed, layout.STATE_DIR) == ("/dev/loop1",)
    assert volumes.loop_devices(listed, layout.STATE_DIR / "other") == ()
    assert volumes.loop_devices("", layout.STATE_DIR) == ()


def test_links() -> None:
    assert leftovers.links("1: lo: <UP>\n7: gfn1@if2: <UP>\n8: gf0: <UP>\n") == ("gfn1", "gf0")
    assert leftovers.links("1: lo: <UP>\n2: eth0: <UP>\n3: docker0: <UP>\n") == ()


def test_iptables_rules() -> None:
    saved = "*nat\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n"
    assert leftovers.rules(saved) == ("-A PREROUTING -j KUBE-SERVICES",)
    assert leftovers.rules("*filter\n-A INPUT -s 10.1.0.0/16 -j DROP\nCOMMIT\n") == ()


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "STATE_DIR", tmp_path / "state")
    monkeypatch.setattr(layout, "NETNS_CONFIG_DIR", tmp_path / "netns")
    assert leftovers.files() == ()
    (tmp_path / "state").mkdir()
    (tmp_path / "netns" / layout.FABRIC).mkdir(parents=True)
    assert leftovers.files() == (tmp_path / "state", tmp_path / "netns" / layout.FABRIC)
