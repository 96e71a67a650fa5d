"""How a process of a run ends: in order when it is asked to, and with an exit code that never looks like a verdict."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable

from harness.errors import ExitCode, HarnessError
from harness.verdict import Inconclusive

PR_SET_PDEATHSIG = 1


def end_in_order() -> None:
    """Make every request to end a KeyboardInterrupt, which cleans up; also when the parent was killed outright."""
    # SIGINT, too: whoever starts a run in the background of a shell script hands down that it is ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    os.environ["PYTHONUNBUFFERED"] = "1"


def concluded(work: Callable[[], int]) -> int:
    """Do the work and return its exit code; what could not be judged, or was interrupted, is inconclusive."""
    try:
        return work()
    except Inconclusive as error:
        print(f"INCONCLUSIVE: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("harness: interrupted", file=sys.stderr)
    return int(ExitCode.INCONCLUSIVE)


def ended(work: Callable[[], int]) -> int:
    """Do the work and return its exit code; what goes wrong in the harness itself has an exit code of its own."""
    try:
        return int(work())
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return int(error.exit_code)
    except Exception:  # or Python would end with 1, which is a verdict
        traceback.print_exc()
        return int(ExitCode.HARNESS)
