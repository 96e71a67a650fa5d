"""The pytest plugin: it finds claims, gives each its verdict, shows progress, and writes the certificate.

It sleeps unless `--harness-run FILE` names a run, so the project's own tests pass it by.
"""

from __future__ import annotations

import os
import random
import sys
import traceback
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from harness.certificate import ClauseResult
from harness.claims import Claim, claim_of
from harness.errors import ExitCode
from harness.evidence import Evidence
from harness.fixtures import PROGRESS, RUN
from harness.live import LiveLines
from harness.progress import TerminalProgress
from harness.publication import publish
from harness.run import Run, Settings
from harness.summary import render_summary
from harness.verdict import Inconclusive, Verdict

pytest_plugins = ["harness.fixtures"]

FAMILIES = ("DEP", "DOC", "REP", "GRP", "RET", "LOAD", "FAIL", "ROLL")
"""The order of a run: what is gentle to the cluster comes before what breaks it. Unknown families come last."""

CLAIM = pytest.StashKey[Claim]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that wakes the plugin."""
    group = parser.getgroup("harness")
    group.addoption("--harness-run", type=Path, default=None, help="the settings of a run, written by `harness gate`")


def pytest_configure(config: pytest.Config) -> None:
    """Wake up when a run is named."""
    config.addinivalue_line("markers", "clause(id, level): certifies one claim; see harness.claims")
    path = config.getoption("--harness-run")
    if path is None:
        return
    settings = Settings.read(path)
    random.seed(settings.seed)
    config.stash[RUN] = Run(settings=settings)
    console = _console()
    config.stash[PROGRESS] = TerminalProgress(console)
    config.pluginmanager.register(Certifier(config.stash[RUN], console=console), "harness-certifier")


def _console() -> Console:
    """Return a console on a copy of standard output, which stays on the screen while pytest captures the original."""
    screen = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    return Console(file=screen, highlight=False, soft_wrap=not screen.isatty())


class Certifier:
    """Turns test outcomes into verdicts and a session into a certificate."""

    def __init__(self, run: Run, *, console: Console) -> None:
        self._run, self._console = run, console
        self._live = LiveLines(console)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Order the clauses and note what this level owes, before -k, -m and --lf have their say."""
        claims = [self._claim(item) for item in items]
        duplicated = sorted({claim.id for claim in claims if [c.id for c in claims].count(claim.id) > 1})
        if duplicated:
            raise pytest.UsageError(f"claim ids must be unique, these are not: {', '.join(duplicated)}")
        wanted = [item for item in items if self._run.settings.level.includes(item.stash[CLAIM].level)]
        config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
        items[:] = sorted(wanted, key=lambda item: _order(item.stash[CLAIM]))
        self._run.owed.update({item.stash[CLAIM].id: item.stash[CLAIM] for item in items})

    def _claim(self, item: pytest.Item) -> Claim:
        mark = item.get_closest_marker("clause")
        if mark is None or not isinstance(item, pytest.Function):
            raise pytest.UsageError(f"{item.nodeid} certifies nothing: mark it with @clause('XXX-00')")
        item.stash[CLAIM] = claim_of(item.function, mark)
        return item.stash[CLAIM]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note how much there is left to do, after -k, -m and --lf had their say."""
        self._live.expect(len(session.items))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        claim = item.stash[CLAIM]
        started_s = self._run.clock.now_s()
        self._reports: list[pytest.TestReport] = []
        with self._live.running(claim):
            answer = yield
        result = self._result(item, started_s=started_s)
        self._run.results.append(result)
        self._live.done(result)
        return answer

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        verdict, reason = _judge(call, report, self._run.evidence.get(item.nodeid, Evidence()))
        report.user_properties.extend([("claim", item.stash[CLAIM].id), ("verdict", verdict.value)])
        if verdict is not Verdict.PASS:
            report.outcome = "failed"
            report.longrepr = f"{verdict.value}: {reason}"
        report.harness = (verdict, reason)  # type: ignore[attr-defined]
        self._reports.append(report)
        return report

    def _result(self, item: pytest.Item, *, started_s: float) -> ClauseResult:
        """Merge the phases of a test: its call decides, but a set-up or clean-up that went wrong is not hidden."""
        verdicts: list[tuple[Verdict, str]] = [report.harness for report in self._reports]
        called = any(report.when == "call" for report in self._reports)
        bad = [(verdict, reason) for verdict, reason in verdicts if verdict is not Verdict.PASS]
        bad.sort(key=lambda pair: pair[0] is not Verdict.FAIL)
        if not called and not bad:
            bad = [(Verdict.INCONCLUSIVE, "the clause did not run")]
        verdict, reason = bad[0] if bad else (Verdict.PASS, "")
        return ClauseResult(
            claim=item.stash[CLAIM],
            verdict=verdict,
            reason=reason,
            started_s=started_s,
            duration_s=self._run.clock.now_s() - started_s,
            evidence=self._run.evidence.get(item.nodeid, Evidence()),
        )

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Keep pytest's own letters off the screen: the live lines say it; the closing count still counts."""
        if report.when == "call" or report.outcome == "failed":
            return ("failed" if report.outcome == "failed" else "passed", "", "")
        return ("", "", "")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Publish after the fixtures are finished, so that logs and the last state are in the report."""
        yield
        if session.exitstatus in (ExitCode.HARNESS, ExitCode.USAGE):
            return
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            self._console.print("No clause matches the selection: see `harness claims` for their ids.")
            session.exitstatus = int(ExitCode.USAGE)
            return
        published = publish(self._run)
        session.exitstatus = int(published.exit_code)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        path = self._run.settings.report_dir / "certificate.json"
        if path.exists():
            self._console.print()
            render_summary(path, console=self._console)
        elif terminalreporter.stats.get("error"):
            self._console.print("No certificate was written: the run ended before it began.")


def _order(claim: Claim) -> tuple[int, str]:
    place = FAMILIES.index(claim.family) if claim.family in FAMILIES else len(FAMILIES)
    return place, claim.id


def _judge(call: pytest.CallInfo[None], report: pytest.TestReport, evidence: Evidence) -> tuple[Verdict, str]:
    """Say what one phase of a test means. Only an assertion speaks against the cluster; other errors are ours."""
    if call.excinfo is None:
        if call.when == "call" and evidence.is_empty:
            return Verdict.INCONCLUSIVE, "the clause recorded no evidence"
        return Verdict.PASS, ""
    error = call.excinfo.value
    if isinstance(error, AssertionError) and call.when == "call":
        return Verdict.FAIL, _first_line(error)
    if isinstance(error, Inconclusive):
        return Verdict.INCONCLUSIVE, str(error)
    if report.skipped:
        return Verdict.INCONCLUSIVE, f"skipped: {error}"
    where = "".join(traceback.format_exception(error)[-6:])
    evidence.facts.setdefault(f"traceback_{call.when}", where)
    return (
        Verdict.INCONCLUSIVE,
        f"the harness could not check ({call.when}): {type(error).__name__}: {_first_line(error)}",
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
