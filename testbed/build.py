"""Everything that is built before a testbed can run, each part once per recipe: programs, images, an image store."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness.progress import Progress
from testbed import cache, images
from testbed.shell import contained, run

GO_DIR = Path(__file__).parent / "go"
KUBERNETES_VERSION = "1.34.4"
ETCD_VERSION = "3.6.4"
COREDNS_VERSION = "1.12.4"
KUBE_PROGRAMS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubectl",
)


@dataclass(frozen=True, kw_only=True)
class Artifacts:
    """Where the built parts are."""

    kube: Path
    coredns: Path
    image_store: Path

    def programs(self) -> dict[str, Path]:
        """Each program's name and the binary that becomes it."""
        return {name: self.kube for name in KUBE_PROGRAMS} | {"coredns": self.coredns}


def ensure(*, progress: Progress) -> Artifacts:
    """Build what is not in the cache yet; the Go programs and the images are built side by side."""
    missing = missing_parts()
    if not missing:
        return _ensure_all(progress)
    seconds = sum(_COLD_S[name] for name in missing)
    with progress.step(f"Building {', '.join(missing)} (once; kept in {cache.root()})", expected_s=seconds):
        return _ensure_all(progress)


# Measured on two cores with empty caches; the images are built beside the programs.
_COLD_S = {"kube": 250.0, "coredns": 45.0, "image-store": 120.0}


def missing_parts() -> tuple[str, ...]:
    """The parts that the next `up` has to build."""
    keys = {
        "kube": go_key("kube"),
        "coredns": go_key("coredns"),
        "image-store": images.store_key(pause_key=go_key("pause")),
    }
    return tuple(name for name, key in keys.items() if not cache.entry(name, key).exists())


def _ensure_all(progress: Progress) -> Artifacts:
    with ThreadPoolExecutor(max_workers=2) as pool:
        store = pool.submit(
            lambda: images.ensure_store(pause=_ensure_go("pause"), pause_key=go_key("pause"), note=progress.note)
        )
        kube, coredns = _ensure_go("kube"), _ensure_go("coredns")
        return Artifacts(kube=kube, coredns=coredns, image_store=store.result())


def linker_flags() -> str:
    """Strip the binary, and stamp the version that nodes and `kubectl version` report."""
    major, minor, _ = KUBERNETES_VERSION.split(".")
    stamps = {"gitVersion": f"v{KUBERNETES_VERSION}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(
        ["-s", "-w", *(f"-X {package}.{name}={value}" for package in packages for name, value in stamps.items())]
    )


def compiler_flags() -> str:
    """No debugging tables, which the linker would drop anyway: a sixth less to compile."""
    return "all=-dwarf=false"


def go_environment() -> dict[str, str]:
    """The settings of the Go build, whatever the user's own are."""
    return {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}


def go_key(module: str) -> str:
    """The cache key of one Go program."""
    files = [file for file in (GO_DIR / module).iterdir() if file.is_file()]
    return cache.key(files=files, words=[compiler_flags(), linker_flags(), *sorted(go_environment())])


def _ensure_go(module: str) -> Path:
    command = ["go", "build", "-trimpath", "-gcflags", compiler_flags(), "-ldflags", linker_flags()]

    def build(folder: Path) -> None:
        run(
            contained([*command, "-o", folder / module, "."]),
            cwd=GO_DIR / module,
            env=go_environment(),
            timeout_s=3600,
        )

    return cache.ensure(module, go_key(module), build) / module


def install_programs(artifacts: Artifacts, folder: Path) -> None:
    """Give every program its name in `folder`: the multi-call binary looks at the name it is called by.

    Hard links where the disk allows: a running testbed must not lose its programs when a new recipe empties the cache.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, binary in artifacts.programs().items():
        try:
            os.link(binary, folder / name)
        except OSError:
            shutil.copy2(binary, folder / name)
