"""The container images, built without a container engine, and a containerd root in which they are already unpacked."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import socket
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness.waiting import wait_until
from testbed import cache, layout, node
from testbed.shell import contained, offline, run

RECIPE_DIR = Path(__file__).parent.parent / "manifests" / "images" / "kafka"
SUITE = "bookworm"
BASE_PACKAGES = ("openjdk-17-jre-headless", "procps", "iproute2", "iptables", "ca-certificates")
# Nobody reads manuals in a container; the installer of Java still wants their folder.
EXCLUDED = ("doc", "man", "locale", "info", "lintian")


def rootfs_argv(target: Path) -> list[str]:
    """The command that makes the base root file system."""
    words = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(BASE_PACKAGES)}"]
    words += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in EXCLUDED]
    words += [
        '--aptopt=APT::Install-Recommends "false"',
        '--essential-hook=mkdir -p "$1"/usr/share/man/man1',
        '--customize-hook=rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/*',
        SUITE,
        str(target),
    ]
    return words


def rootfs_key() -> str:
    """The cache key of the base root file system."""
    return cache.key(words=rootfs_argv(Path("rootfs.tar")))


def jars_key() -> str:
    """The cache key of the jars of all releases of Kafka."""
    return cache.key(files=[RECIPE_DIR / "pom.xml"], words=layout.KAFKA_VERSIONS)


def store_key(*, pause_key: str) -> str:
    """The cache key of the unpacked image store."""
    recipe = [file for file in RECIPE_DIR.rglob("*") if file.is_file()]
    references = [*map(layout.kafka_image, layout.KAFKA_VERSIONS), layout.PAUSE_IMAGE]
    return cache.key(files=recipe, words=[rootfs_key(), jars_key(), pause_key, *references])


def ensure_store(*, pause: Path, pause_key: str, note: Callable[[str], None]) -> Path:
    """Return a containerd root that has all images unpacked, built if need be."""

    def build(folder: Path) -> None:
        with ThreadPoolExecutor(max_workers=2) as pool:
            rootfs = pool.submit(cache.ensure, "rootfs", rootfs_key(), lambda folder: _build_rootfs(folder, note=note))
            jars = pool.submit(cache.ensure, "jars", jars_key(), lambda folder: _fetch_jars(folder, note=note))
            base, releases = rootfs.result() / "rootfs.tar", jars.result()
        work = folder / "work"
        work.mkdir()
        archives = [write_single_binary_image(work / "pause.tar", binary=pause, reference=layout.PAUSE_IMAGE)]
        builder = Builder(work=work)
        builder.commit_base(base)
        for version in layout.KAFKA_VERSIONS:
            note(f"building the image {layout.kafka_image(version)}")
            archives.append(builder.build_kafka(version, jars=releases / version))
        note("unpacking the images for the nodes")
        _unpack(folder / "containerd", work=work, archives=archives)
        shutil.rmtree(work)

    return cache.ensure("image-store", store_key(pause_key=pause_key), build) / "containerd"


def _build_rootfs(folder: Path, *, note: Callable[[str], None]) -> None:
    note("installing Debian with Java 17 into a folder")
    workshop = layout.BUILD_DIR / "rootfs"  # the package installer drops its rights, so root's own folders are no place
    workshop.mkdir(parents=True, exist_ok=True)
    run(contained(rootfs_argv(folder / "rootfs.tar")), env={"TMPDIR": str(workshop)}, timeout_s=900)


def _fetch_jars(folder: Path, *, note: Callable[[str], None]) -> None:
    """Fetch the jars of each release into a folder of its name."""
    maven = ["mvn", "-q", "-B", "-f", str(RECIPE_DIR / "pom.xml"), "dependency:copy-dependencies"]
    for version in layout.KAFKA_VERSIONS:
        note(f"fetching the jars of Kafka {version} and ZooKeeper")
        run(contained([*maven, f"-Dkafka.version={version}", f"-DoutputDirectory={folder / version}"]), timeout_s=900)


@dataclass(frozen=True, kw_only=True)
class Builder:
    """buildah with a store of its own below `work`."""

    work: Path

    def run(self, *words: str | Path, timeout_s: float = 300) -> str:
        """Run one buildah command, without a network: an image is made of what is in the cache, and nothing else."""
        folders = ["--root", str(self.work / "buildah"), "--runroot", str(self.work / "buildah-run")]
        return run(offline(["buildah", *folders, "--storage-driver", "overlay", *words]), timeout_s=timeout_s)

    def commit_options(self) -> list[str]:
        """Options of every command that writes an image: trust our own images, do not spend time on compression."""
        policy = self.work / "policy.json"
        policy.write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}), encoding="utf-8")
        return ["--signature-policy", str(policy), "--quiet", "--disable-compression"]

    def commit_base(self, rootfs_tar: Path) -> None:
        """Make the image `base`, which all others are built on."""
        container = self.run("from", "scratch").strip()
        self.run("add", "--quiet", container, rootfs_tar, "/")
        self.run("commit", *self.commit_options(), container, "base")
        self.run("rm", container)

    def build_kafka(self, version: str, *, jars: Path) -> Path:
        """Build the image of a release of Kafka from its Containerfile on the base, and return it as an archive."""
        context, reference = self.work / f"context-{version}", layout.kafka_image(version)
        shutil.copytree(RECIPE_DIR, context)
        shutil.copytree(jars, context / "jars")
        how = ["--isolation", "chroot", "--pull-never", "--layers=false", "--build-arg", "BASE=localhost/base"]
        what = ["--tag", reference, "--file", str(context / "Containerfile"), str(context)]
        self.run("bud", *self.commit_options(), *how, *what, timeout_s=900)
        archive = self.work / f"kafka-{version}.tar"
        self.run("push", *self.commit_options(), reference, f"docker-archive:{archive}:{reference}")
        return archive


def write_single_binary_image(archive: Path, *, binary: Path, reference: str) -> Path:
    """Write a docker archive of an image that holds one static program and nothing else."""
    layer = _tar({binary.name: binary.read_bytes()}, mode=0o755)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": [f"/{binary.name}"], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [reference], "Layers": ["layer.tar"]}]
    files = {
        "layer.tar": layer,
        "config.json": json.dumps(config).encode(),
        "manifest.json": json.dumps(manifest).encode(),
    }
    archive.write_bytes(_tar(files, mode=0o644))
    return archive


def _tar(files: dict[str, bytes], *, mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _unpack(root: Path, *, work: Path, archives: Sequence[Path]) -> None:
    """Let a containerd of its own unpack the archives into `root`, and end it."""
    state = layout.BUILD_DIR / "run"  # a socket's path may have 107 characters, the cache's is longer
    state.mkdir(parents=True, exist_ok=True)
    config = layout.BUILD_DIR / "containerd.toml"
    config.write_text(node.containerd_config(root=root, state=state, cni_dir=work), encoding="utf-8")
    endpoint = state / "containerd.sock"
    argv = ["setpriv", "--pdeathsig", "TERM", "--", "unshare", "--mount", "--", "containerd", f"--config={config}"]
    with (layout.BUILD_DIR / "containerd.log").open("wb") as log:
        server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until(lambda: _listening(endpoint), what="the start of containerd", timeout_s=30)
        for archive in archives:
            run(["ctr", "--address", endpoint, "--namespace", "k8s.io", "images", "import", archive], timeout_s=300)
    finally:
        server.terminate()
        server.wait(timeout=30)
    shutil.rmtree(layout.BUILD_DIR)


def _listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0
