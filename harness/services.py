"""Services: the classes of operations that a cluster owes its clients, each of which may be out by itself."""

from __future__ import annotations

from enum import Enum


class Service(Enum):
    """One class of operations; the words are those of the report."""

    PRODUCE = "produce acks=all"
    FETCH = "fetch read_committed"
    COMMIT = "offset commit"
    JOIN = "group join"
    ADMIN = "create a topic"
