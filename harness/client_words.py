"""What client libraries write to standard error by themselves is kept in a file, off the screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def kept_in(path: Path) -> Iterator[TextIO]:
    """Send standard error to a file for the length of the block; what is yielded still goes to the screen.

    librdkafka says there that a producer was fenced, which schedules bring about on purpose and histories tell anyway.
    """
    sys.stderr.flush()
    screen = os.dup(2)
    try:
        with path.open("ab") as file:
            os.dup2(file.fileno(), 2)
        with os.fdopen(os.dup(screen), "w", encoding="utf-8", buffering=1) as shown:
            yield shown
    finally:
        sys.stderr.flush()
        os.dup2(screen, 2)
        os.close(screen)
