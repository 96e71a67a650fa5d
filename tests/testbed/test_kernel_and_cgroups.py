"""Settings of the machine are put back; cgroups are made, found and removed in every hierarchy."""

from __future__ import annotations

import json
from pathlib import Path

from testbed import cgroups, kernel, layout

NODES = layout.nodes(2)


def setting(root: Path, name: str, value: str) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{value}\n", encoding="utf-8")
    return file


def test_changed_settings_are_put_back(tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    note.write_text(json.dumps({"vm/overcommit_memory": "0", "kernel/panic": "0", "not/ours": "1"}), encoding="utf-8")
    overcommit = setting(tmp_path, "vm/overcommit_memory", "1")
    panic = setting(tmp_path, "kernel/panic", "0")
    kernel.restore(note, root=tmp_path)
    assert overcommit.read_text(encoding="utf-8").strip() == "0"
    assert panic.read_text(encoding="utf-8").strip() == "0"
    assert not (tmp_path / "not").exists()


def test_without_a_note_nothing_is_touched(tmp_path: Path) -> None:
    overcommit = setting(tmp_path, "vm/overcommit_memory", "1")
    kernel.restore(tmp_path / "none.json", root=tmp_path)
    assert overcommit.read_text(encoding="utf-8").strip() == "1"


def test_the_first_note_stays(tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    note.write_text("{}", encoding="utf-8")
    kernel.note(note)
    assert note.read_text(encoding="utf-8") == "{}"


def v1(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / "cgroup.procs").write_text("", encoding="utf-8")
    return root


def test_v1_hierarchies_are_listed_once(tmp_path: Path) -> None:
    v1(tmp_path, "cpu,cpuacct", "memory", "unified")
    for name in ("cpu", "cpuacct"):
        (tmp_path / name).symlink_to("cpu,cpuacct")
    assert [top.name for top in cgroups.hierarchies(tmp_path)] == ["cpu,cpuacct", "memory", "unified"]


def test_v2_is_one_hierarchy(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n", encoding="utf-8")
    assert cgroups.hierarchies(tmp_path) == (tmp_path,)
    assert cgroups.missing_controllers(tmp_path) == ()


def test_missing_controllers_are_named(tmp_path: Path) -> None:
    v1(tmp_path, "cpu", "cpuacct", "cpuset", "devices", "pids")
    assert cgroups.missing_controllers(tmp_path) == ("memory",)
    (tmp_path / "cgroup.controllers").write_text("cpu io pids\n", encoding="utf-8")
    assert cgroups.missing_controllers(tmp_path) == ("cpuset", "memory")


def test_created_then_found_then_removed(tmp_path: Path) -> None:
    v1(tmp_path, "memory", "pids")
    assert cgroups.folders(tmp_path) == ()
    cgroups.create(NODES, root=tmp_path)
    found = [str(folder.relative_to(tmp_path)) for folder in cgroups.folders(tmp_path)]
    assert sorted(found) == sorted(
        f"{top}/{name}"
        for top in ("memory", "pids")
        for name in ("greenfield", "greenfield/node-1", "greenfield/node-2")
    )
    assert found[-1].endswith("greenfield")
    cgroups.remove(tmp_path, timeout_s=0.1)
    assert cgroups.folders(tmp_path) == ()


def test_a_cgroup_that_stays_is_still_found(tmp_path: Path) -> None:
    v1(tmp_path, "pids")
    cgroups.create(NODES, root=tmp_path)
    (tmp_path / "pids" / "greenfield" / "node-1" / "cgroup.procs").write_text("12\n34\n", encoding="utf-8")
    cgroups.remove(tmp_path, timeout_s=0.1)
    assert cgroups.folders(tmp_path)
    assert cgroups.members(tmp_path) == (12, 34)


def test_frozen_cgroups_are_thawed(tmp_path: Path) -> None:
    v1(tmp_path, "freezer")
    cgroups.create(NODES, root=tmp_path)
    state = setting(tmp_path / "freezer" / "greenfield" / "node-1", "freezer.state", "FROZEN")
    cgroups.thaw(tmp_path)
    assert state.read_text(encoding="utf-8") == "THAWED"
