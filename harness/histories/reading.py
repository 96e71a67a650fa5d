"""Reading a history, in whichever of its forms it is."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from harness.errors import UsageError
from harness.histories import columnar, edn, jsonl
from harness.histories.building import history_of
from harness.histories.history import History


class Form(Enum):
    """In which form a history is written."""

    JSONL = "jsonl"
    ARROW = "arrow"
    EDN = "edn"


def read(path: Path, *, form: Form | None = None) -> History:
    """Read a history; without a form it is recognized by its first bytes."""
    form = form or form_of(path)
    if form is Form.ARROW:
        return columnar.read(path)
    return history_of(edn.read(path) if form is Form.EDN else jsonl.read(path))


def form_of(path: Path) -> Form:
    """Recognize a form by the file's first bytes; what is neither of the others is taken for lines, which say more."""
    try:
        with path.open("rb") as file:
            head = file.read(4096).lstrip()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", remedy="name a history file") from error
    if head.startswith(columnar.MAGIC):
        return Form.ARROW
    return Form.EDN if head.startswith((b"[{:", b"{:", b"#jepsen", b"[#jepsen")) else Form.JSONL
