"""Locusting: the process that runs a locustfile against a freshly deployed cluster and says what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.clients.admin import Admin
from harness.clients.engine.orders import LoadOrder
from harness.cluster.pods import Cluster
from harness.deployment import deployed
from harness.ending import concluded, end_in_order, ended
from harness.errors import ExitCode, UsageError
from harness.launch import Work
from harness.load_topic import await_files_gone
from harness.loadrun import LOG, ROOT, environment, locust, tail
from harness.progress import Progress, TerminalProgress
from harness.reproduction import describe_subject
from harness.run import Run, Settings
from harness.steady_state import await_steady_state
from harness.verdict import Inconclusive

RESULT = "locust.json"
FOLDER = "load"
LIST_TIMEOUT_S = 60


def work(locustfile: Path, options: Sequence[str], *, against: str | None) -> Work:
    """Return the work of running a locustfile; what Locust itself would not take is refused before anything starts."""
    if against is not None:
        raise UsageError(f"got a locustfile and --against {against}", remedy="only loads of profiles are compared")
    if not locustfile.is_file():
        raise UsageError(f"there is no locustfile {locustfile}", remedy="name a file, or a profile without .py")
    argv = [sys.executable, "-m", "locust", "-f", str(locustfile.resolve()), *options, "--list"]
    listed = subprocess.run(
        argv, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=LIST_TIMEOUT_S, check=False
    )
    if listed.returncode != 0:
        last = next(iter(reversed(listed.stderr.strip().splitlines())), "nothing")
        raise UsageError(f"Locust does not take {locustfile} and its options: {last}", remedy="see docs/locust.md")
    if len(listed.stdout.split()) <= 2:
        raise UsageError(f"there is no user class in {locustfile}", remedy="see docs/locust.md for ten lines that do")
    return lambda _, file: ["harness.locusting", str(file), str(locustfile.resolve()), *options]


def load(run: Run, locustfile: Path, options: Sequence[str], *, progress: Progress) -> ExitCode:
    """Deploy, let Locust put the load on, and return its exit code; its topic is off every disk afterwards."""
    folder = run.settings.report_dir / FOLDER
    folder.mkdir()
    with deployed(run, progress=progress) as made:
        if made.failure is not None:
            raise Inconclusive(f"there is no cluster to load: {made.failure}")
        try:
            run.subject.update(describe_subject(made.cluster))
            admin = Admin(made.cluster.bootstrap)
            await_steady_state(made.cluster, admin, before="the load")
            with _no_files_left(folder, made.cluster, admin, progress):
                given = (*_where(run, made.cluster, folder), *options)
                with locust(locustfile, *given, folder=folder) as child:
                    child.wait()
        finally:
            made.stage.collect(run.settings.report_dir / "cluster")
    return _told(run, folder, code=child.returncode)


def _where(run: Run, cluster: Cluster, folder: Path) -> tuple[str, ...]:
    topic = f"load-{run.settings.run_id[-4:]}"
    return ("--host", cluster.bootstrap, "--topic", topic, "--load-folder", str(folder))


@contextmanager
def _no_files_left(folder: Path, cluster: Cluster, admin: Admin, progress: Progress) -> Iterator[None]:
    """Wait afterwards until nothing of the topics of the tests is on any disk; Locust itself has deleted them."""
    try:
        yield
    finally:
        for topic in {LoadOrder.read(path).topic for path in folder.glob("*/order.json")}:
            with progress.step(f"waiting for the files of {topic} to go", expected_s=70):
                await_files_gone(topic, cluster=cluster, admin=admin)


def _told(run: Run, folder: Path, *, code: int) -> ExitCode:
    """Write and say what came of it. Locust's own 1 or 2 without an outcome is no verdict."""
    outcomes = sorted(folder.glob("*/outcome.json"))
    if not outcomes or code not in set(ExitCode):
        said = ExitCode(code) if code in (ExitCode.HARNESS, ExitCode.USAGE) else ExitCode.INCONCLUSIVE
        print(f"{said.name}: Locust ended with {code} and no outcome: {tail(folder / LOG)}", file=sys.stderr)
        return said
    outcome = json.loads(outcomes[-1].read_text(encoding="utf-8"))
    settings = run.settings
    content = {
        **outcome,
        "run_id": settings.run_id,
        "started_at": run.started_at.isoformat(timespec="seconds"),
        "subject": dict(run.subject),
        "folder": str(outcomes[-1].parent.relative_to(settings.report_dir)),
    }
    (settings.report_dir / RESULT).write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")
    print(f"\n{outcome['verdict']}: {outcome['reason']}")
    print(f"  all of it: {folder}")
    return ExitCode(code)


def main(arguments: Sequence[str]) -> int:
    """Run a locustfile as ordered: the settings of the run, the locustfile, and the options of Locust."""
    end_in_order()
    return ended(lambda: concluded(lambda: _said(arguments)))


def _said(arguments: Sequence[str]) -> int:
    settings_file, locustfile, *options = arguments
    run = Run(settings=Settings.read(Path(settings_file)))
    return int(load(run, Path(locustfile), options, progress=TerminalProgress()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
