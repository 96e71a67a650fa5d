"""The manifests of a load over several machines: what master and workers need to find each other."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from harness.loadrun import ROOT

FOLDER = ROOT / "manifests" / "load"
IMAGE = ROOT / "manifests" / "images" / "load" / "Containerfile"


@cache
def objects() -> dict[tuple[str, str], Any]:
    """Return what the manifests hold, by kind and name."""
    yaml = YAML(typ="safe")
    found = [body for path in FOLDER.glob("*.yaml") for body in yaml.load_all(path.read_text(encoding="utf-8"))]
    return {(body["kind"], body["metadata"]["name"]): body for body in found if "metadata" in body}


def pod(name: str) -> Any:
    return objects()["Deployment", name]["spec"]["template"]["spec"]


@pytest.mark.parametrize("name", ["load-master", "load-workers"])
def test_each_pod_keeps_to_the_restricted_rules_and_can_write_its_traces(name: str) -> None:
    spec = pod(name)
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert not spec["automountServiceAccountToken"]


def test_workers_find_the_master_by_its_service_and_fetch_the_locustfile_from_it() -> None:
    service = objects()["Service", "load-master"]
    assert service["spec"]["selector"].items() <= pod_labels("load-master").items()
    command = pod("load-workers")["containers"][0]["command"]
    assert command[command.index("--master-host") + 1] == "load-master"
    assert command[command.index("-f") + 1] == "-"
    assert {5557, 8089} == {port["port"] for port in service["spec"]["ports"]}


def pod_labels(name: str) -> dict[str, str]:
    found: dict[str, str] = objects()["Deployment", name]["spec"]["template"]["metadata"]["labels"]
    return found


def test_no_limit_of_cpu_holds_a_generator_back() -> None:
    assert "cpu" not in pod("load-workers")["containers"][0]["resources"]["limits"]


def test_both_run_the_image_of_this_version_with_pinned_libraries() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    images = {pod(name)["containers"][0]["image"] for name in ("load-master", "load-workers")}
    assert images == {f"greenfield.local/load:{project['version']}"}
    recipe = IMAGE.read_text(encoding="utf-8")
    assert f"-t {images.pop()}" in recipe
    assert "-c constraints.txt" in recipe
