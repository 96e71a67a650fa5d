"""The image: every documented command has its name, its class, its defaults, and lets the JVM be the main process."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from testbed import images, layout

TOOL = images.RECIPE_DIR / "bin" / "kafka-tool"
# What a manifest, the document or a suite may call.
COMMANDS = (
    "kafka-topics",
    "kafka-console-producer",
    "kafka-console-consumer",
    "kafka-consumer-groups",
    "kafka-configs",
    "kafka-dump-log",
    "kafka-server-start",
    "kafka-producer-perf-test",
    "kafka-consumer-perf-test",
    "kafka-metadata-quorum",
    "kafka-metadata-shell",
    "kafka-log-dirs",
    "kafka-delete-records",
    "kafka-reassign-partitions",
    "kafka-leader-election",
    "kafka-storage",
    "kafka-get-offsets",
    "kafka-acls",
    "kafka-broker-api-versions",
    "kafka-transactions",
    "zookeeper-shell",
    "zkServer.sh",
    "zkCli.sh",
)


def call(tmp_path: Path, command: str, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Call a command of the image with a Java that prints its pid and its arguments."""
    java = tmp_path / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True, exist_ok=True)
    java.write_text('#!/bin/bash\necho "$$"\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    java.chmod(0o755)
    link = tmp_path / command
    if not link.exists():
        link.symlink_to(TOOL)
    environment = {"PATH": os.environ["PATH"], "JAVA_HOME": str(tmp_path / "jdk"), "LOG_DIR": str(tmp_path / "log")}
    return subprocess.run(
        ["sh", "-c", 'echo "$$"; exec "$0" "$@"', str(link), *args],
        capture_output=True,
        text=True,
        check=False,
        env=environment | env,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_becomes_a_java_process(tmp_path: Path, command: str) -> None:
    argument = "start-foreground" if command == "zkServer.sh" else "an-argument"
    done = call(tmp_path, command, argument)
    shell_pid, java_pid, *arguments = done.stdout.splitlines()
    assert shell_pid == java_pid
    assert [word for word in arguments if re.fullmatch(r"(kafka|org\.apache)\.[\w.]+", word)]


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    done = call(tmp_path, "kafka-nonsense")
    assert done.returncode == 127
    assert "kafka-nonsense is no command of this image" in done.stderr


def test_the_links_of_the_image_come_from_the_commands_themselves() -> None:
    script = (images.RECIPE_DIR / "bin" / "link-commands").read_text(encoding="utf-8")
    pattern = re.search(r"sed -n '([^']+)'", script)
    assert pattern
    listed = subprocess.run(["sed", "-n", pattern.group(1), str(TOOL)], capture_output=True, text=True, check=True)
    assert {name.removesuffix(".sh") for name in COMMANDS} <= set(listed.stdout.split())


def test_the_server_has_kafkas_own_defaults(tmp_path: Path) -> None:
    words = call(tmp_path, "kafka-server-start", "server.properties").stdout.splitlines()
    assert {"-Xmx1G", "-Xms1G", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "kafka.Kafka"} <= set(words)
    assert words[-1] == "server.properties"
    assert f"-Dkafka.logs.dir={tmp_path / 'log'}" in words


def test_every_variable_of_kafkas_scripts_is_honoured(tmp_path: Path) -> None:
    settings = {
        "KAFKA_HEAP_OPTS": "-Xmx640m -Xms640m",
        "KAFKA_JVM_PERFORMANCE_OPTS": "-XX:+UseSerialGC",
        "KAFKA_OPTS": "-Dopts=*",
        "KAFKA_LOG4J_OPTS": "-Dlog4j.configuration=file:/x",
        "KAFKA_GC_LOG_OPTS": "-Xlog:disable",
        "KAFKA_JMX_OPTS": "-Djmx=1",
    }
    words = call(tmp_path, "kafka-server-start", "server.properties", **settings).stdout.splitlines()
    assert {word for value in settings.values() for word in value.split()} <= set(words)
    assert not {"-Xmx1G", "-XX:+UseG1GC"} & set(words)


def test_a_tool_has_a_small_heap_and_keeps_its_output_clean(tmp_path: Path) -> None:
    words = call(tmp_path, "kafka-topics", "--list").stdout.splitlines()
    assert "-Xmx256M" in words
    assert [word for word in words if word.endswith("tools-log4j.properties")]
    assert "-Xmx512M" in call(tmp_path, "kafka-console-producer").stdout.splitlines()


def test_zookeeper_finds_its_configuration_as_the_official_image_does(tmp_path: Path) -> None:
    words = call(tmp_path, "zkServer.sh", "start-foreground", ZOOCFGDIR="/c", SERVER_JVMFLAGS="-Xmx300m -Da=b")
    assert words.stdout.splitlines()[-1] == "/c/zoo.cfg"
    assert {"-Xmx300m", "-Da=b"} <= set(words.stdout.splitlines())
    other = call(tmp_path, "zkServer.sh", "start-foreground", "/elsewhere/my.cfg")
    assert other.stdout.splitlines()[-1] == "/elsewhere/my.cfg"


def test_zookeeper_refuses_an_unknown_action(tmp_path: Path) -> None:
    assert call(tmp_path, "zkServer.sh", "start").returncode == 2


@pytest.mark.parametrize("script", sorted((images.RECIPE_DIR / "bin").iterdir()), ids=lambda path: path.name)
def test_the_scripts_are_executable_and_parse(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_the_image_runs_as_an_ordinary_user() -> None:
    text = (images.RECIPE_DIR / "Containerfile").read_text(encoding="utf-8")
    assert "\nUSER 1000\n" in text
    assert text.count("ARG BASE=") == 1


def test_a_single_binary_image_is_a_docker_archive(tmp_path: Path) -> None:
    (tmp_path / "pause").write_bytes(b"program")
    archive = images.write_single_binary_image(tmp_path / "a.tar", binary=tmp_path / "pause", reference="x/pause:1")
    with tarfile.open(archive) as tar:
        (manifest,) = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        layer = tar.extractfile(manifest["Layers"][0])
        assert manifest["RepoTags"] == ["x/pause:1"]
        assert layer is not None
        with tarfile.open(fileobj=io.BytesIO(layer.read())) as inner:
            assert inner.getmember("pause").mode == 0o755


def test_the_base_is_a_pinned_debian_release() -> None:
    argv = images.rootfs_argv(Path("/x.tar"))
    assert argv[-2:] == ["bookworm", "/x.tar"]
    assert "openjdk-17-jre-headless" in " ".join(argv)


def test_manifests_recipe_and_testbed_name_the_same_releases() -> None:
    overlay = (images.RECIPE_DIR.parents[1] / "overlays" / "testbed" / "kustomization.yaml").read_text(encoding="utf-8")
    ours, following = layout.KAFKA_VERSIONS
    assert re.findall(r"newName: (\S+), newTag: (\S+)}", overlay) == [("greenfield.local/kafka", ours)] * 2
    assert f"value: {layout.kafka_image(following)}\n" in overlay
    recipe = (images.RECIPE_DIR / "pom.xml").read_text(encoding="utf-8")
    assert f"<kafka.version>{ours}</kafka.version>" in recipe
