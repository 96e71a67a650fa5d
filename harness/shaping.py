"""Shaping: plain data from a file becomes a frozen dataclass, or a list of everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_type_hints

Shape = TypeVar("Shape")


def shaped(kind: type[Shape], content: object, *, where: str, problems: list[str]) -> Shape | None:
    """Return an object of a dataclass with these fields; None when something is wrong, which is then in `problems`.

    A key that is unknown or missing and a value of another type are told, each with where it is: nothing is guessed.
    """
    if not isinstance(content, Mapping):
        problems.append(f"{where} is {content!r}, expected keys such as {', '.join(f.name for f in _fields(kind)[:3])}")
        return None
    before = len(problems)
    expected = {field.name: field for field in _fields(kind)}
    problems += [
        f"{where}.{key} is unknown, expected one of {', '.join(expected)}" for key in content if key not in expected
    ]
    problems += [
        f"{where}.{name} is missing" for name, field in expected.items() if _is_needed(field) and name not in content
    ]
    types = get_type_hints(kind)
    values = {
        name: _value(types[name], content[name], where=f"{where}.{name}", problems=problems)
        for name in expected
        if name in content
    }
    return kind(**values) if len(problems) == before else None


def _fields(kind: type[Any]) -> tuple[Field[Any], ...]:
    return fields(kind)


def _is_needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _value(kind: Any, value: object, *, where: str, problems: list[str]) -> object:
    options = [option for option in get_args(kind) if option is not NoneType] if isinstance(kind, UnionType) else [kind]
    if is_dataclass(options[0]):
        return shaped(cast("type[object]", options[0]), value, where=where, problems=problems)
    if isinstance(options[0], type) and issubclass(options[0], Enum):
        return _choice(options[0], value, where=where, problems=problems)
    if not _fits(options[0], value):
        problems.append(f"{where} is {value!r}, expected {_WORDS[options[0]]}")
        return None
    return value


def _choice(kind: type[Enum], value: object, *, where: str, problems: list[str]) -> Enum | None:
    choices = {str(member.value): member for member in kind}
    if str(value) not in choices:
        problems.append(f"{where} is {value!r}, expected one of {', '.join(choices)}")
        return None
    return choices[str(value)]


_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def _fits(kind: Any, value: object) -> bool:
    if isinstance(value, bool) or kind is bool:
        return kind is bool and isinstance(value, bool)
    return isinstance(value, int | float if kind is float else kind)
