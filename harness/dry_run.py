"""A dry run: which clauses would run and which faults each could inject, read from the suites; nothing is touched."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path

from harness.catalogue import claims_in
from harness.claims import Claim, Level
from harness.selection import Selection


@dataclass(frozen=True)
class Module:
    """One file of the suites: what its functions and classes name, and where names come from that it imports."""

    path: Path
    root: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), filename=str(self.path))

    @cached_property
    def named_by(self) -> dict[str, frozenset[str]]:
        """By function or class, all names that are in it: its fixtures are among them, as its parameters."""
        parts = [node for node in self.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        return {part.name: frozenset(_names(part)) for part in parts}

    @cached_property
    def imported(self) -> dict[str, str]:
        """By name, the module that it is imported from."""
        froms = [node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom)]
        return {alias.asname or alias.name: node.module or "" for node in froms for alias in node.names}

    @cached_property
    def claims(self) -> dict[str, str]:
        """By the id of a clause, the name of its test."""
        tests = [node for node in self.tree.body if isinstance(node, ast.FunctionDef)]
        return {
            str(ast.literal_eval(mark.args[0])): test.name
            for test in tests
            for mark in test.decorator_list
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "clause"
        }

    def faults(self, name: str, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
        """Give the (module, class) of everything of the package of faults that a function comes to name."""
        for other in sorted(self.named_by.get(name, frozenset()) - seen):
            source = self.imported.get(other, "")
            if source.startswith("chaos."):
                yield source, other
            elif source.startswith("suites."):
                file = self.root / f"{source.replace('.', '/')}.py"
                if file.is_file():
                    yield from Module(file, self.root).faults(other, seen | {name, other})
            elif other in self.named_by:
                yield from self.faults(other, seen | {name, other})


def _names(part: ast.FunctionDef | ast.ClassDef) -> Iterator[str]:
    for node in ast.walk(part):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def lines(suites: Path, *, level: Level, selection: Selection) -> tuple[str, ...]:
    """Say which clauses would run, and what the faults of each would do; on whom is known only when it is asked."""
    modules = [Module(path, suites.parent) for path in sorted(suites.glob("test_*.py"))]
    wanted = [claim for claim in claims_in(suites) if level.includes(claim.level) and selection.takes(claim)]
    return tuple(line for claim in wanted for line in _about(claim, modules))


def _about(claim: Claim, modules: Sequence[Module]) -> Iterator[str]:
    yield f"{claim.id:8} {claim.sentence}"
    found = {
        fault for module in modules if claim.id in module.claims for fault in module.faults(module.claims[claim.id])
    }
    for module_name, kind_name in sorted(found):
        kind = getattr(import_module(module_name), kind_name)
        if isinstance(getattr(kind, "name", None), str) and hasattr(kind, "inject"):
            what = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
            yield f"         may inject: {kind.name}. {what}"
