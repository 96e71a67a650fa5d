"""The planted bugs, as the model meets them: the model asks here only when a bug is planted."""

from __future__ import annotations

from harness.rehearsal.coordinating_bugs import CoordinatingBugs
from harness.rehearsal.reading_bugs import ReadingBugs
from harness.rehearsal.replicating_bugs import ReplicatingBugs


class Strikes(ReplicatingBugs, ReadingBugs, CoordinatingBugs):
    """Everything that planted bugs do in brokers and coordinators, and what they remember for it."""
