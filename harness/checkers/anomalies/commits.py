"""offset-commit-regression and commit-beyond-processed: a group's progress went back, or ahead of its work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from harness.histories.history import NONE, Commit, History, Longs
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config
from harness.judging.versions import Versions


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Compare each committed offset with those that were acknowledged before it began, and with what was delivered."""
    del config  # never legal
    history = versions.history
    commits = sorted(_certain(history), key=lambda commit: int(history.operations.ended_ns[commit.op]))
    back = list(_back(history, commits))

    def tell_back(row: int) -> Example:
        return _tell_back(history, *back[row])

    yield found("offset-commit-regression", range(len(back)), tell_back, checked=len(commits))
    beyond = list(_beyond(versions, commits))

    def tell_beyond(row: int) -> Example:
        return _tell_beyond(history, *beyond[row])

    yield found("commit-beyond-processed", range(len(beyond)), tell_beyond, checked=len(commits))


def _certain(history: History) -> list[Commit]:
    return [commit for commit in history.commits if history.operations.ok[commit.op]]


def _back(history: History, commits: list[Commit]) -> Iterator[tuple[Commit, Commit]]:
    """Give each commit or observation below one that had ended before it began."""
    operations = history.operations
    by_place: dict[tuple[str, int], list[Commit]] = defaultdict(list)
    for commit in commits:
        by_place[commit.group, commit.key].append(commit)
    for row in by_place.values():
        ended = np.array([operations.ended_ns[commit.op] for commit in row])
        highest = np.maximum.accumulate([commit.offset for commit in row])
        for commit in row:
            known = int(np.searchsorted(ended, operations.invoked_ns[commit.op], side="left"))
            if known and highest[known - 1] > commit.offset:
                before = next(other for other in row if other.offset == highest[known - 1])
                yield before, commit


def _beyond(versions: Versions, commits: list[Commit]) -> Iterator[tuple[Commit, int]]:
    """Give each commit with the first offset before it that its group had not been given when it was made.

    A group of which no deliveries were recorded cannot be judged.
    """
    history = versions.history
    given = _given(history)
    existing = {key: _existing(versions, key) for key in {commit.key for commit in commits}}
    for commit in commits:
        if commit.observed or (commit.group, commit.key) not in given:
            continue
        times_ns, highest = given[commit.group, commit.key]
        count = int(np.searchsorted(times_ns, history.operations.ended_ns[commit.op], side="right"))
        last = int(highest[count - 1]) if count else NONE
        offsets = existing[commit.key]
        after = int(np.searchsorted(offsets, last, side="right"))
        if after < len(offsets) and offsets[after] < commit.offset:
            yield commit, int(offsets[after])


def _given(history: History) -> dict[tuple[str, int], tuple[Longs, Longs]]:
    """By group and key: when its members asked for what they were given, and the highest offset given until then."""
    rows: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for op, group in sorted(history.groups.items()):
        start, end = np.searchsorted(history.reads.op, (op, op + 1))
        for row in range(int(start), int(end)):
            place = group, int(history.reads.key[row])
            rows[place].append((int(history.operations.invoked_ns[op]), int(history.reads.offset[row])))
    tables = {place: np.array(sorted(pairs), dtype=np.int64) for place, pairs in rows.items()}
    return {place: (table[:, 0], np.maximum.accumulate(table[:, 1])) for place, table in tables.items()}


def _existing(versions: Versions, key: int) -> Longs:
    """Return, ascending, the offsets of a key at which there surely is a record for a reader of what is committed."""
    history, told = versions.history, versions.told
    committed = versions.read_is_ok & ~history.operations.uncommitted[history.reads.op]
    sent = history.sends.offset[told][history.sends.key[told] == key]
    return np.unique(np.concatenate((sent, history.reads.offset[committed & (history.reads.key == key)])))


def _tell_back(history: History, before: Commit, commit: Commit) -> Example:
    verb = "is said to have committed" if commit.observed else "committed"
    return Example(
        what=f"{history.keys[commit.key]}: group {commit.group} {verb} {commit.offset} after {before.offset}",
        ops=(before.op, commit.op),
        key=commit.key,
        offsets=(before.offset, commit.offset),
    )


def _tell_beyond(history: History, commit: Commit, offset: int) -> Example:
    there = [
        int(table.op[row])
        for table in (history.sends, history.reads)
        for row in np.flatnonzero((table.key == commit.key) & (table.offset == offset))[:1]
    ]
    given = [op for op, group in history.groups.items() if group == commit.group and op < commit.op and op not in there]
    return Example(
        what=f"{history.keys[commit.key]}: group {commit.group} committed {commit.offset}, but was not given {offset}",
        ops=tuple(dict.fromkeys((*there[:1], *given[-1:], commit.op))),
        key=commit.key,
        offsets=(offset, commit.offset),
    )
