"""The process that certifies: it stands where the brokers can be reached, looks before it leaps, and runs pytest."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.cluster.connection import connect, require_vantage
from harness.cluster.production import refuse_production
from harness.cluster.safety import refuse_if_held, survey
from harness.errors import ExitCode, HarnessError
from harness.run import Settings

PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str]) -> int:
    """Certify; what goes wrong in the harness itself has an exit code of its own."""
    end_in_order()
    try:
        return _certify(arguments)
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return int(error.exit_code)
    except Exception:  # or Python would end with 1, which means: not certified
        traceback.print_exc()
        return int(ExitCode.HARNESS)


def _certify(arguments: Sequence[str]) -> int:
    """Check that the run may begin, without touching anything; then run the suites."""
    settings = Settings.read(Path(arguments[0]))
    if not settings.is_rehearsal:
        _require_cluster(settings)
    return int(pytest.main(list(arguments[1:])))


def _require_cluster(settings: Settings) -> None:
    connection = connect(settings.target)
    require_vantage()
    survey(connection, settings.namespace, reuse=settings.reuse)
    refuse_production(connection, settings.namespace, known=settings.known)
    refuse_if_held(connection, settings.namespace)


def end_in_order() -> None:
    """Make every request to end a KeyboardInterrupt, which cleans up; also when the parent was killed outright."""
    # SIGINT, too: whoever starts a run in the background of a shell script hands down that it is ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    os.environ["PYTHONUNBUFFERED"] = "1"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
