"""The machine: a good one passes, and each kind of bad one is refused in a sentence with its remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import ExitCode, MachineError, UsageError
from testbed import machine, packages
from testbed.machine import Facts

GOOD = Facts(
    platform="linux",
    user_id=0,
    missing_packages=(),
    missing_tools=(),
    missing_controllers=(),
    free_disk_gib=80.0,
    available_memory_gib=20.0,
)


def test_a_good_machine_passes() -> None:
    assert machine.problems(GOOD) == ()
    machine.check(GOOD)


@pytest.mark.parametrize(
    ("bad", "problem", "remedy"),
    [
        (replace(GOOD, platform="darwin"), "needs Linux, this is 'darwin'", "--kubeconfig"),
        (replace(GOOD, user_id=1000), "only root may", "as root"),
        (
            replace(GOOD, missing_packages=("runc", "buildah")),
            "packages are missing: runc, buildah",
            "apt-get install --yes --no-install-recommends runc buildah",
        ),
        (replace(GOOD, missing_tools=("mvn",)), "'mvn' is not on PATH", "apt-get install maven"),
        (replace(GOOD, missing_controllers=("memory",)), "cgroups lack memory", "/sys/fs/cgroup"),
        (replace(GOOD, free_disk_gib=14.96), "15.0 GiB of disk are free, 15 GiB are needed", "make room"),
        (replace(GOOD, available_memory_gib=2.0), "2.0 GiB of memory are available, 6 GiB are needed", "end other"),
    ],
)
def test_each_lack_is_one_sentence_with_its_remedy(bad: Facts, problem: str, remedy: str) -> None:
    with pytest.raises(MachineError) as caught:
        machine.check(bad)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
    assert caught.value.exit_code is ExitCode.HARNESS


def test_all_lacks_are_told_at_once() -> None:
    with pytest.raises(MachineError, match=r"2 things are missing .*only root.*GiB of memory"):
        machine.check(replace(GOOD, user_id=1, available_memory_gib=0.5))


@pytest.mark.parametrize("node_count", [1, 3, 5])
def test_possible_node_counts(node_count: int) -> None:
    machine.check_node_count(node_count)


@pytest.mark.parametrize("node_count", [-1, 0, 6])
def test_impossible_node_counts_are_the_users_mistake(node_count: int) -> None:
    with pytest.raises(UsageError, match="ask for 1 to 5") as caught:
        machine.check_node_count(node_count)
    assert caught.value.exit_code is ExitCode.USAGE


def test_available_memory() -> None:
    assert machine.available_memory_gib("MemTotal: 9 kB\nMemAvailable:    2097152 kB\n") == 2.0
    assert machine.available_memory_gib("MemTotal: 9 kB\n") == 0.0


def test_missing_packages() -> None:
    everything = "".join(f"{name} installed\n" for name in packages.PACKAGES)
    assert packages.parse_missing(everything) == ()
    assert packages.parse_missing(everything.replace("runc installed", "runc config-files")) == ("runc",)
    assert packages.parse_missing("") == tuple(packages.PACKAGES)


def test_every_package_says_what_it_is_for() -> None:
    assert all(packages.PACKAGES.values())


def test_install_missing_says_what_it_installs_before_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    class Recorder:
        def step(self, what: str, *, expected_s: float) -> object:
            raise AssertionError(f"stop here, before {what!r} ({expected_s} s)")

        def note(self, text: str) -> None:
            events.append(text)

    monkeypatch.setattr(packages, "missing_packages", lambda: ("runc",))
    with pytest.raises(AssertionError, match="stop here"):
        packages.install_missing(Recorder())  # type: ignore[arg-type]
    assert events == ["This installs Debian packages on this system: runc (starts their containers)"]
    monkeypatch.setattr(packages, "missing_packages", lambda: ())
    packages.install_missing(Recorder())  # type: ignore[arg-type]
