"""hw-regression and leader-epoch-regression: an observer saw the end of a log or its leader's epoch go back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harness.histories.history import NONE, History, Watermarks
from harness.judging.anomaly import Anomaly, Example, found
from harness.judging.config import Config
from harness.judging.versions import Versions


def search(versions: Versions, config: Config) -> Iterator[Anomaly]:
    """Compare each observation with the highest one of the same key that had ended before it began."""
    del config  # never legal
    history = versions.history
    yield _regressions(history, "hw-regression", "high watermark", lambda mark: mark.high)
    yield _regressions(history, "leader-epoch-regression", "leader epoch", lambda mark: mark.leader_epoch)


Figure = Callable[[Watermarks], int]


def _regressions(history: History, name: str, what: str, figure: Figure) -> Anomaly:
    seen = [mark for mark in history.watermarks if figure(mark) != NONE and history.operations.ok[mark.op]]
    back = list(_back(history, seen, figure))

    def tell(row: int) -> Example:
        before, mark = back[row]
        return Example(
            what=f"{history.keys[mark.key]}: the {what} went back from {figure(before)} to {figure(mark)}",
            ops=(before.op, mark.op),
            key=mark.key,
            offsets=(figure(before), figure(mark)) if name == "hw-regression" else (),
        )

    return found(name, range(len(back)), tell, checked=len(seen))


def _back(history: History, seen: Sequence[Watermarks], figure: Figure) -> Iterator[tuple[Watermarks, Watermarks]]:
    """Give each observation of a process that is below its highest one before."""
    highest: dict[tuple[int, int], Watermarks] = {}
    for mark in seen:
        observer = int(history.operations.process[mark.op]), mark.key
        before = highest.setdefault(observer, mark)
        if figure(mark) < figure(before):
            yield before, mark
        else:
            highest[observer] = mark
