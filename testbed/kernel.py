"""Kernel settings of the whole machine that kubelets change: noted before they start, put back when they are gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from testbed import layout

SETTINGS = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
NOTE_FILE = layout.STATE_DIR / "kernel.json"


def read(root: Path = Path("/proc/sys")) -> dict[str, str]:
    """The settings as they are now."""
    return {name: (root / name).read_text(encoding="utf-8").strip() for name in SETTINGS if (root / name).exists()}


def note(file: Path = NOTE_FILE) -> None:
    """Keep the present settings on disk, unless an earlier run that was cut off has already kept the true ones."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".new")
        unfinished.write_text(json.dumps(read()), encoding="utf-8")
        unfinished.rename(file)


def restore(file: Path = NOTE_FILE, *, root: Path = Path("/proc/sys")) -> None:
    """Put noted settings back; without a note there is nothing to do."""
    if not file.exists():
        return
    noted: Mapping[str, str] = json.loads(file.read_text(encoding="utf-8"))
    now = read(root)
    for name, value in noted.items():
        if name in SETTINGS and now.get(name) != value:
            with suppress(OSError):
                (root / name).write_text(value, encoding="utf-8")
