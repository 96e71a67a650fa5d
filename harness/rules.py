"""The rules file of `harness judge`: what is legal in a history, read from YAML or JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from harness.errors import UsageError
from harness.judging.config import Assigned, Config, Isolation, Retention


def read(path: Path) -> Config:
    """Read a rules file; a missing file, an unknown name or an impossible value is one error that names them all."""
    try:
        content = YAML(typ="safe").load(path)
    except (OSError, YAMLError) as error:
        raise _unusable(path, " ".join(str(error).split())) from error
    if not isinstance(content, dict):
        raise _unusable(path, f"got {content!r}, expected names with values")
    return Config(**_values(path, content, RULES))


def _values(path: Path, content: dict[str, Any], rules: dict[str, Callable[[Any], object]]) -> dict[str, Any]:
    problems, values = [f"{name} is unknown" for name in content if name not in rules], dict[str, object]()
    for name in content.keys() & rules.keys():
        try:
            values[name] = rules[name](content[name])
        except (TypeError, ValueError) as error:
            problems.append(f"{name} is {content[name]!r}, {error}")
    if problems:
        raise _unusable(path, "; ".join(sorted(problems)))
    return values


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("expected true or false")
    return value


def _natural(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("expected a whole number above 0")
    return value


def _retention(value: Any) -> Retention | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not {"ms", "late_ms"} <= set(value) <= {"ms", "late_ms", "keys"}:
        raise TypeError("expected ms and late_ms, and perhaps keys")
    keys = value.get("keys")
    if keys is not None and not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
        raise TypeError("expected a list of words for keys")
    expiring = None if keys is None else frozenset(keys)
    return Retention(ms=_natural(value["ms"]), late_ms=_natural(value["late_ms"]), keys=expiring)


def _one_of(kind: type[Assigned] | type[Isolation]) -> Callable[[Any], object]:
    def chosen(value: Any) -> object:
        try:
            return kind(value)
        except ValueError as error:
            raise ValueError(f"expected one of {', '.join(one.value for one in kind)}") from error

    return chosen


RULES: dict[str, Callable[[Any], object]] = {
    "assignment": _one_of(Assigned),
    "isolation": _one_of(Isolation),
    "idempotence": _truth,
    "ordered_writes": _truth,
    "retention": _retention,
    "cycle_search_steps": _natural,
}


def _unusable(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} is not a usable rules file ({why})", remedy="correct it, see docs/judge.md")
