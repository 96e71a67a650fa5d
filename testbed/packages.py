"""The Debian packages that a testbed needs on the machine, and how they get there: announced first, then installed."""

from __future__ import annotations

from collections.abc import Mapping

from harness.progress import Progress
from testbed.shell import attempt, run

# Each package and what it is for.
PACKAGES: Mapping[str, str] = {
    "containerd": "runs the pods of every node",
    "runc": "starts their containers",
    "containernetworking-plugins": "connects the pods",
    "buildah": "builds the Kafka image without a daemon",
    "mmdebstrap": "makes the image's base file system",
    "iptables": "service addresses (kube-proxy)",
    "iproute2": "network namespaces",
    "e2fsprogs": "file systems of real size",
    "util-linux": "mount namespaces and loop devices",
    "procps": "kernel settings",
    "openssl": "certificates",
}


def missing_packages() -> tuple[str, ...]:
    """The needed packages that are not installed."""
    asked = attempt(["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *PACKAGES])
    return parse_missing(asked.stdout)


def parse_missing(dpkg_answer: str) -> tuple[str, ...]:
    """The needed packages that `dpkg-query` does not list as installed."""
    installed = {line.split()[0] for line in dpkg_answer.splitlines() if line.endswith(" installed")}
    return tuple(name for name in PACKAGES if name not in installed)


def install_argv(names: tuple[str, ...]) -> list[str]:
    """The command that installs packages."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *names]


def install_missing(progress: Progress) -> None:
    """Say which packages will be installed on this system, then install them; say nothing when none is missing."""
    names = missing_packages()
    if not names:
        return
    progress.note(
        "This installs Debian packages on this system: " + ", ".join(f"{name} ({PACKAGES[name]})" for name in names)
    )
    with progress.step(f"Installing {len(names)} Debian packages", expected_s=60):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update"], env=quiet, timeout_s=600)
        run(install_argv(names), env=quiet, timeout_s=1200)
