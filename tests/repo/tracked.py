"""The files of this repository, as git knows them, and the Python ones as syntax trees."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NOT_OURS = ("spec/",)
"""The document under certification is kept as it was given."""


@dataclass(frozen=True)
class Source:
    """One Python file: its path in the repository and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def module(self) -> str:
        """The dotted name by which it is imported."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def room(self) -> str:
        """The folder at the top that it belongs to; empty for a file beside them."""
        return self.path.split("/")[0] if "/" in self.path else ""


@cache
def files() -> tuple[str, ...]:
    """Return the paths of all files that git tracks and that are there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = tuple(path for path in listed.split("\0") if (ROOT / path).is_file() and not path.startswith(NOT_OURS))
    assert found, "git lists no files"
    return found


@cache
def sources() -> tuple[Source, ...]:
    """Return every tracked Python file."""
    return tuple(Source(path, (ROOT / path).read_text(encoding="utf-8")) for path in files() if path.endswith(".py"))


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Return (path, text) of every tracked file that is text."""
    found = []
    for path in files():
        try:
            found.append((path, (ROOT / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # a picture
    return tuple(found)


def imported(source: Source) -> set[str]:
    """Return the modules that a file imports, anywhere in it, the ones named by `from package import module` too."""
    return _named_in(ast.walk(source.tree))


def needed(source: Source) -> set[str]:
    """Return the modules without which a file cannot run: what it imports, but for the names of types alone."""
    typing = [node for node in ast.walk(source.tree) if isinstance(node, ast.If) and _is_for_types(node)]
    left_out = {id(inner) for node in typing for inner in ast.walk(node)}
    return _named_in(node for node in ast.walk(source.tree) if id(node) not in left_out)


def _named_in(nodes: Iterable[ast.AST]) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            own = {f"{node.module}.{alias.name}" for alias in node.names} & _own_modules()
            names |= own or {node.module}
    return names


def _is_for_types(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@cache
def _own_modules() -> frozenset[str]:
    return frozenset(source.module for source in sources())


def is_within(module: str, *packages: str) -> bool:
    """Say whether a module is one of these packages or in one of them."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def expect_none(violations: Iterable[str]) -> None:
    """Fail with the whole list of what breaks a rule, each on a line of its own."""
    found = sorted(violations)
    if found:
        pytest.fail("\n".join(found), pytrace=False)
