"""The report of a load: its page and its exports, made from what the run left, as often as wanted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from harness import load_exports
from harness.errors import ExitCode, UsageError
from harness.measuring import recorded
from harness.measuring.drift import Comparison, Difference, compare
from harness.measuring.frames import Frame
from harness.measuring.histogram_log import HistogramLog
from harness.measuring.recorded import OBSERVED, RESULT, Recorded
from harness.measuring.result import Second
from harness.report import load as page

PRODUCE_LOG = "produce.hlog"
END_TO_END_LOG = "end-to-end.hlog"
CODES = {
    Difference.SAME: ExitCode.CERTIFIED,
    Difference.BETTER: ExitCode.CERTIFIED,
    Difference.WORSE: ExitCode.NOT_CERTIFIED,
    Difference.UNKNOWN: ExitCode.INCONCLUSIVE,
}


def make(folder: Path, *, against: Path | None = None) -> Path:
    """Write page, table and histogram logs of a run, compared with another one if it is given; return the page."""
    earlier = _read(against) if against is not None else None
    with ExitStack() as stack:
        run = _read(folder, each=_logging(folder, stack))
    load_exports.write(run, folder / str(run.content["folder"]))
    return page.write(run, folder, earlier=earlier)


def diff(before: Path, after: Path) -> Comparison:
    """Compare two runs by what they left."""
    return compare(_read(before).measured(), _read(after).measured())


def find(run: str, *, reports: Path) -> Path:
    """Return the folder of a run that is named by its path or by its id."""
    named = Path(run).parent if Path(run).name == RESULT else Path(run)
    for folder in (named, reports / run):
        if (folder / RESULT).is_file():
            return folder
    raise UsageError(f"there is no load run {run!r}", remedy=f"name the folder of one, as they are in {reports}")


def is_comparable(folder: Path) -> bool:
    """Say whether a run left what a comparison needs: older ones did not keep what was observed."""
    return (folder / RESULT).is_file() and (folder / "load" / OBSERVED).is_file()


def lines(found: Comparison) -> list[str]:
    """Return a comparison as lines for a terminal."""
    width = max((len(figure.name) for figure in found.figures), default=0)
    return [
        *(
            f"{figure.difference.value:18} {figure.name:{width}}  "
            f"{page.amount(figure, figure.before)} → {page.amount(figure, figure.after)}  {figure.why}"
            for figure in found.figures
        ),
        f"{found.after} against {found.before}: {found.difference.value}"
        + ("" if found.figures else f", {found.reason}"),
    ]


def _read(folder: Path, each: Callable[[Second, Frame], None] = lambda *_: None) -> Recorded:
    try:
        return recorded.read(folder, each=each)
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{folder} cannot be read as a load run: {error}", remedy="name another run") from error


def _logging(folder: Path, stack: ExitStack) -> Callable[[Second, Frame], None]:
    """Open the histogram logs of a run, and return what writes a second into both."""
    try:
        content = recorded.content_of(folder)
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} cannot be read as a load run: {error}", remedy="name another run") from error
    parts, started_at = folder / str(content["folder"]), datetime.fromisoformat(str(content["started_at"]))
    produce, end_to_end = (
        HistogramLog(stack.enter_context((parts / name).open("w", encoding="utf-8")), what=what, started_at=started_at)
        for name, what in ((PRODUCE_LOG, "latency until acknowledged"), (END_TO_END_LOG, "latency until delivered"))
    )

    def write(second: Second, frame: Frame) -> None:
        produce.add(frame.latency, from_s=second.time_s - 1, until_s=second.time_s)
        end_to_end.add(frame.end_to_end, from_s=second.time_s - 1, until_s=second.time_s)

    return write
