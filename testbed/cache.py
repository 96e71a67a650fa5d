"""The build cache: each result is kept under the hash of its recipe, and moved into place in one step."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path


def root() -> Path:
    """Where results are kept: outside the checkout, so that a fresh clone finds them."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "greenfield-harness"


def key(*, files: Iterable[Path] = (), words: Iterable[str] = ()) -> str:
    """The hash of a recipe: its files (by name and content) and whatever else decides the result."""
    digest = hashlib.sha256()
    for file in sorted(files):
        content = file.read_bytes()
        digest.update(f"file {file.name} {os.access(file, os.X_OK)} {len(content)}\n".encode())
        digest.update(content)
    for word in words:
        digest.update(f"word {len(word)} {word}\n".encode())
    return digest.hexdigest()[:20]


def entry(name: str, recipe_key: str) -> Path:
    """The folder that holds the result, whether it is there or not."""
    return root() / name / recipe_key


def ensure(name: str, recipe_key: str, build: Callable[[Path], None]) -> Path:
    """Return the folder with the result, built by `build(empty_folder)` if it is not there yet.

    A build that is cut off leaves only a folder that nobody takes for a result; the next build removes it.
    Older results of the same name go, so that the cache does not grow with every change of a recipe.
    """
    final = entry(name, recipe_key)
    if final.exists():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    for other in final.parent.iterdir():
        shutil.rmtree(other, ignore_errors=True)
    unfinished = final.parent / f".unfinished-{recipe_key}"
    unfinished.mkdir()
    try:
        build(unfinished)
        unfinished.rename(final)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return final
