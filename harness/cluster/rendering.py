"""Rendering: what the user names as manifests becomes a list of Kubernetes objects."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from harness.errors import UsageError

Body = Mapping[str, Any]
"""One Kubernetes object, as plain data."""

STDIN = Path("-")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, kw_only=True)
class Manifests:
    """Rendered objects, where they came from, and a hash of exactly what will be applied."""

    source: str
    objects: tuple[Body, ...]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(json.dumps(self.objects, sort_keys=True).encode()).hexdigest()

    def of_kind(self, kind: str) -> tuple[Body, ...]:
        return tuple(body for body in self.objects if body["kind"] == kind)

    def stateful_set(self, name: str) -> Body:
        """Return the StatefulSet with this name; a stage without it is not the documented cluster."""
        for body in self.of_kind("StatefulSet"):
            if body["metadata"]["name"] == name:
                return body
        found = ", ".join(f"{body['kind']}/{body['metadata']['name']}" for body in self.objects) or "no objects"
        raise UsageError(
            f"{self.source} has no StatefulSet named {name!r}, it has: {found}",
            remedy="give the manifests of the whole documented cluster: StatefulSets kafka and zookeeper",
        )


def render(path: Path, *, kubectl: Path) -> Manifests:
    """Render a file, a stream (`-`), a folder of YAML files, or a kustomization."""
    if path == STDIN:
        return _manifests("standard input", _documents(sys.stdin.read(), "standard input"))
    if not path.exists():
        raise UsageError(f"there are no manifests at {path}", remedy="give a folder, a file or - with --manifests")
    if path.is_file():
        return _manifests(str(path), _documents(_text(path), str(path)))
    if any((path / name).is_file() for name in KUSTOMIZATIONS):
        return _manifests(str(path), _documents(_kustomize(path, kubectl=kubectl), f"kustomization {path}"))
    files = sorted(file for pattern in ("*.yaml", "*.yml") for file in path.rglob(pattern))
    if not files:
        raise UsageError(
            f"the folder {path} holds no YAML file", remedy="give a folder with manifests or a kustomization"
        )
    bodies = [body for file in files for body in _documents(_text(file), str(file))]
    return _manifests(str(path), bodies)


def _kustomize(path: Path, *, kubectl: Path) -> str:
    for file in sorted(path.glob("*.yaml")):
        list(_parse(_text(file), str(file)))  # a broken file is named with its line
    done = subprocess.run(
        [str(kubectl), "kustomize", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0:
        raise UsageError(
            f"the kustomization {path} does not render ({' '.join(done.stderr.split())})",
            remedy=f"run `kubectl kustomize {path}` and mend what it names",
        )
    return done.stdout


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path}: not UTF-8 ({error.reason} at byte {error.start})", remedy="give YAML text"
        ) from error


def _documents(text: str, origin: str) -> Iterator[Body]:
    for document in _parse(text, origin):
        if document is not None:
            yield from _flatten(document, origin)


def _parse(text: str, origin: str) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).load_all(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{origin}:{mark.line + 1}:{mark.column + 1}" if mark else origin
        raise UsageError(f"{where}: broken YAML ({error.problem})", remedy="mend this line and run again") from error
    except YAMLError as error:
        why = " ".join(str(error).split())
        raise UsageError(f"{origin}: broken YAML ({why})", remedy="mend this file and run again") from error


def _flatten(document: Any, origin: str) -> Iterator[Body]:
    items = document.get("items", []) if isinstance(document, dict) else None
    if not isinstance(document, dict) or (document.get("kind") == "List" and not isinstance(items, list)):
        raise UsageError(f"{origin}: got {document!r:.80}", remedy="expected Kubernetes objects (mappings)")
    if document.get("kind") == "List":
        for item in items or ():
            yield from _flatten(item, origin)
    elif document.get("kind") != "Kustomization":
        yield document


def _manifests(source: str, documents: Sequence[Body] | Iterator[Body]) -> Manifests:
    objects = tuple(json.loads(json.dumps(body, default=str)) for body in documents)
    for body in objects:
        missing = [key for key in ("apiVersion", "kind", "metadata") if key not in body]
        if not missing and not (isinstance(body["metadata"], dict) and body["metadata"].get("name")):
            missing = ["metadata.name"]
        if missing:
            raise UsageError(
                f"{source}: an object lacks {', '.join(missing)}: {json.dumps(body)[:120]}",
                remedy="expected Kubernetes objects with apiVersion, kind and metadata.name",
            )
    return Manifests(source=source, objects=objects)
