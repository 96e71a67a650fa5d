"""The sizing file: what the documented sizing is expected to carry, how well, and how that is tried."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from harness.errors import UsageError
from harness.measuring.plan import Expectation, GeneratorLimits, Objectives, Sizing, TrialPlan

DEFAULT_PATH = Path(__file__).parent.parent / "manifests" / "sizing.yaml"


Section = TypeVar("Section", Expectation, TrialPlan, Objectives, GeneratorLimits)


def read(path: Path = DEFAULT_PATH) -> Sizing:
    """Read a sizing file; a missing, unknown or impossible value raises UsageError before anything is started."""
    try:
        content = YAML(typ="safe").load(path)
    except (OSError, YAMLError) as error:
        raise _unusable(path, " ".join(str(error).split())) from error
    sections: dict[str, Any] = {
        "expectation": Expectation,
        "trial": TrialPlan,
        "objectives": Objectives,
        "generator": GeneratorLimits,
    }
    if not isinstance(content, dict) or set(content) != set(sections):
        raise _unusable(path, f"expected the sections {', '.join(sections)}")
    return Sizing(**{name: _section(path, name, kind, content[name]) for name, kind in sections.items()})


def _section(path: Path, name: str, kind: type[Section], content: object) -> Section:
    expected = {field.name: field.type for field in fields(kind)}
    given = content if isinstance(content, dict) else {}
    problems = [f"{key} is missing" for key in expected if key not in given]
    problems += [f"{key} is unknown" for key in given if key not in expected]
    problems += [
        f"{key} is {given[key]!r}, expected {'a whole number' if kind_name == 'int' else 'a number'} above 0"
        for key, kind_name in expected.items()
        if key in given and not _fits(given[key], whole=kind_name == "int")
    ]
    if problems:
        raise _unusable(path, "; ".join(f"{name}: {problem}" for problem in problems))
    return kind(**given)


def _fits(value: object, *, whole: bool) -> bool:
    kinds = (int,) if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and value > 0


def _unusable(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} is not a usable sizing file ({why})", remedy="correct it, see manifests/sizing.yaml")
