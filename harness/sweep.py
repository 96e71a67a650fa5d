"""The sweep: what an earlier run kept or left behind is removed, before volumes are made new and a run begins."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.cluster.connection import connect
from harness.cluster.safety import survey
from harness.cluster.stage import Stage
from harness.deployment import clear_earlier
from harness.errors import ExitCode, HarnessError
from harness.progress import TerminalProgress
from harness.run import Settings


def main(path: str) -> ExitCode:
    """Clear the namespace of the run whose settings are given, if the harness may."""
    settings = Settings.read(Path(path))
    try:
        connection = connect(settings.target)
        ground = survey(connection, settings.namespace, reuse=False)
        clear_earlier(Stage(connection, ground, settings.manifests()), progress=TerminalProgress())
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return error.exit_code
    return ExitCode.CERTIFIED


if __name__ == "__main__":
    sys.exit(int(main(sys.argv[1])))
