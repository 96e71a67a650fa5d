"""A keeper of a topic that needs no cluster; without brokers that are called `refusing`, it makes every topic."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.clients.engine.orders import LoadOrder
from harness.clients.engine.topic import MADE

DELETED = "topic-deleted"


def main(path: Path) -> None:
    """Say that the topic is made, wait to be told to delete it, and leave a file that says so."""
    if LoadOrder.read(path).bootstrap.startswith("refusing"):
        print("the brokers do not make the topic", flush=True)
        return
    print(MADE, flush=True)
    sys.stdin.read()
    (path.parent / DELETED).touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
