"""Rendering: whatever the user names becomes the same list of objects, and what cannot is refused with its place."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from harness.cluster.rendering import STDIN, Manifests, render
from harness.errors import ExitCode, UsageError

NO_KUBECTL = Path("/nonexistent/kubectl")
KAFKA = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: kafka}\nspec: {replicas: 3}\n"
ZOOKEEPER = KAFKA.replace("kafka", "zookeeper")


def names(manifests: Manifests) -> list[str]:
    return [f"{body['kind']}/{body['metadata']['name']}" for body in manifests.objects]


def written(folder: Path, **files: str) -> Path:
    """Write files, named with `__` for a folder and `_yaml` for the ending."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yml", ".yml").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def kubectl(folder: Path, script: str) -> Path:
    """Write a stand-in for kubectl."""
    path = folder / "kubectl"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_file_of_several_documents_is_rendered_in_its_order(tmp_path: Path) -> None:
    written(tmp_path, all_yaml=f"---\n{KAFKA}---\n---\n{ZOOKEEPER}---\n# nothing\n")
    rendered = render(tmp_path / "all.yaml", kubectl=NO_KUBECTL)
    assert names(rendered) == ["StatefulSet/kafka", "StatefulSet/zookeeper"]
    assert rendered.source == str(tmp_path / "all.yaml")
    assert rendered.stateful_set("kafka")["spec"] == {"replicas": 3}


def test_a_folder_is_all_its_yaml_files_at_any_depth(tmp_path: Path) -> None:
    written(tmp_path, b_yaml=KAFKA, a__z_yml=ZOOKEEPER, README_md="not YAML: [")
    assert names(render(tmp_path, kubectl=NO_KUBECTL)) == ["StatefulSet/zookeeper", "StatefulSet/kafka"]


def test_a_stream_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(KAFKA))
    rendered = render(STDIN, kubectl=NO_KUBECTL)
    assert (names(rendered), rendered.source) == (["StatefulSet/kafka"], "standard input")


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_kustomization_is_rendered_by_kubectl(tmp_path: Path, name: str) -> None:
    folder = written(tmp_path / "stage", kafka_yaml=KAFKA)
    (folder / name).write_text("kind: Kustomization\nresources: [kafka.yaml]\n", encoding="utf-8")
    asked = kubectl(tmp_path, f'echo "$@" > {tmp_path}/asked\ncat {folder}/kafka.yaml')
    assert names(render(folder, kubectl=asked)) == ["StatefulSet/kafka"]
    assert (tmp_path / "asked").read_text(encoding="utf-8") == f"kustomize {folder}\n"


def test_a_kustomization_that_does_not_render_is_refused_in_kubectls_words(tmp_path: Path) -> None:
    folder = written(tmp_path / "stage", kustomization_yaml="kind: Kustomization\nresources: [gone.yaml]\n")
    refusing = kubectl(tmp_path, "echo 'error: gone.yaml:\n no such file' >&2; exit 1")
    with pytest.raises(UsageError, match=r"stage does not render \(error: gone.yaml: no such file\)"):
        render(folder, kubectl=refusing)


def test_a_broken_file_of_a_kustomization_is_named_with_its_line(tmp_path: Path) -> None:
    folder = written(tmp_path / "stage", kustomization_yaml="resources: [kafka.yaml]\n", kafka_yaml="a: 1\nb: [\n")
    with pytest.raises(UsageError, match=r"stage/kafka.yaml:3:1: broken YAML"):
        render(folder, kubectl=kubectl(tmp_path, "exit 1"))


def test_lists_of_objects_are_opened_also_within_each_other(tmp_path: Path) -> None:
    inner = {"kind": "List", "apiVersion": "v1", "items": [{**_object("ConfigMap", "a")}]}
    outer = {"kind": "List", "apiVersion": "v1", "items": [_object("Service", "b"), inner]}
    written(tmp_path, list_yaml=json.dumps(outer))
    assert names(render(tmp_path / "list.yaml", kubectl=NO_KUBECTL)) == ["Service/b", "ConfigMap/a"]


def _object(kind: str, name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [\n", ":2:1: broken YAML"),
        ("a: 1\n b: 2\n", ":2:3: broken YAML"),
        ("a: 'open\n", ":2:1: broken YAML"),
        ("a: 1\n---\nb: {c: ]\n", ":3:8: broken YAML"),
        ("a: !!python/object:x.Y {}\n", ":1:4: broken YAML"),
        ("a: 1\na: 2\n", ":2:1: broken YAML"),
        ("a: *nobody\n", ":1:4: broken YAML"),
        ("a: \x01\n", ": broken YAML"),
    ],
)
def test_broken_yaml_is_refused_with_file_line_and_column(tmp_path: Path, text: str, place: str) -> None:
    written(tmp_path, broken_yaml=text)
    with pytest.raises(UsageError, match=f"broken.yaml{place}") as refused:
        render(tmp_path / "broken.yaml", kubectl=NO_KUBECTL)
    assert refused.value.exit_code is ExitCode.USAGE


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_bytes(b"a: \xff\xfe\n")
    with pytest.raises(UsageError, match=r"broken.yaml: not UTF-8"):
        render(tmp_path / "broken.yaml", kubectl=NO_KUBECTL)


@pytest.mark.parametrize("text", ["- 1\n", "just words\n", "7\n", "kind: List\nitems: [1]\n", "kind: List\nitems: 7\n"])
def test_what_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    written(tmp_path, strange_yaml=text)
    with pytest.raises(UsageError, match=r"strange.yaml: got .*: expected Kubernetes objects"):
        render(tmp_path / "strange.yaml", kubectl=NO_KUBECTL)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("kind: ConfigMap\nmetadata: {name: a}\n", "apiVersion"),
        ("apiVersion: v1\nmetadata: {name: a}\n", "kind"),
        ("apiVersion: v1\nkind: ConfigMap\n", "metadata"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {}}\n", "metadata.name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata:\n", "metadata.name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: a\n", "metadata.name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: }\n", "metadata.name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n", "metadata.name"),
    ],
)
def test_an_object_without_what_makes_it_one_is_refused(tmp_path: Path, text: str, missing: str) -> None:
    written(tmp_path, half_yaml=text)
    with pytest.raises(UsageError, match=f"an object lacks {missing}"):
        render(tmp_path / "half.yaml", kubectl=NO_KUBECTL)


def test_a_place_where_nothing_is_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no manifests at"):
        render(tmp_path / "nothing", kubectl=NO_KUBECTL)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    written(tmp_path, README_md="nothing here")
    with pytest.raises(UsageError, match="holds no YAML file"):
        render(tmp_path, kubectl=NO_KUBECTL)


def test_a_stage_without_the_documented_sets_says_what_it_has_instead(tmp_path: Path) -> None:
    written(tmp_path, a_yaml=json.dumps(_object("Deployment", "kafka")))
    with pytest.raises(UsageError, match="has no StatefulSet named 'kafka', it has: Deployment/kafka"):
        render(tmp_path, kubectl=NO_KUBECTL).stateful_set("kafka")


def test_dates_and_numbers_are_kept_as_kubernetes_reads_them(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {when: 2026-01-02, size: 1e3, yes: no}\n"
    written(tmp_path, a_yaml=text)
    (body,) = render(tmp_path / "a.yaml", kubectl=NO_KUBECTL).objects
    assert body["data"] == {"when": "2026-01-02", "size": 1000.0, "yes": "no"}


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("abc-:#{}[]'\"\n é", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PLAIN, min_size=1, max_size=3))
def test_whatever_is_written_as_yaml_is_rendered_as_it_was(tmp_path: Path, specs: list[object]) -> None:
    objects = [{**_object("ConfigMap", f"c{number}"), "spec": spec} for number, spec in enumerate(specs)]
    with (tmp_path / "all.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump_all(objects, file)
    assert list(render(tmp_path / "all.yaml", kubectl=NO_KUBECTL).objects) == objects


def test_the_hash_is_of_what_will_be_applied_and_of_nothing_else(tmp_path: Path) -> None:
    written(tmp_path, a_yaml=KAFKA, b_yaml="# a comment\n" + KAFKA, c_yaml=KAFKA.replace("3", "2"))
    a, b, c = (render(tmp_path / f"{name}.yaml", kubectl=NO_KUBECTL).sha256 for name in "abc")
    assert a == b
    assert a != c
