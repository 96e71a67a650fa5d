"""An engine on a machine that was started long before this one: its monotonic clock is days ahead."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.load.pacing_engine import main

AHEAD_NS = 10**15
_here_ns = time.monotonic_ns


def there_ns() -> int:
    """Return what the clock of that machine shows."""
    return _here_ns() + AHEAD_NS


if __name__ == "__main__":
    time.monotonic_ns = there_ns
    main(Path(sys.argv[1]))
