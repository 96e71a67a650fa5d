"""A Python session: blocks run one after the other in one namespace, as a person pastes them into a prompt.

Run as a program with a JSON file of parts. ^C (SIGINT) ends the part that is running and goes on to the next, as it
does at a prompt; after the last part the session stays open until its input is closed, so that background threads
of a client can finish what a block only started. Uses the standard library only.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

DONE = "session: done with "


def main(parts_file: str) -> None:
    """Run the parts of the file, then wait for the end of input."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for part in json.loads(Path(parts_file).read_text(encoding="utf-8")):
        # Blank lines in front make a traceback name the page's own line.
        code = compile("\n" * (part["line"] - 1) + part["text"], part["file"], "exec")
        try:
            exec(code, namespace)
        except KeyboardInterrupt:
            print("session: interrupted", flush=True)
        print(DONE + part["key"], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
