"""The pytest plugin: it finds claims, gives each its verdict, shows progress, and writes the certificate.

It sleeps unless `--harness-run FILE` names a run, so the project's own tests pass it by.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
import traceback
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from harness import fixtures, resumption
from harness.catalogue import place
from harness.certificate import ClauseResult
from harness.claims import Claim, claim_of
from harness.errors import ExitCode
from harness.evidence import Evidence
from harness.fixtures import PROGRESS, RUN
from harness.live import LiveLines
from harness.progress import TerminalProgress
from harness.publication import publish
from harness.rehearsal.bugs import Bug
from harness.rehearsing.clock import RehearsalClock
from harness.rehearsing.fixtures import RehearsalFixtures
from harness.run import Run, Settings
from harness.stillness import ended_when_still
from harness.summary import render_summary
from harness.verdict import Inconclusive, UnsupportedHere, Verdict, merge

CLAIM = pytest.StashKey[Claim]()

_Phase = tuple[str, Verdict, str]
"""One of set-up, call and teardown, by pytest's name for it, and what it means."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that wakes the plugin."""
    group = parser.getgroup("harness")
    group.addoption("--harness-run", type=Path, default=None, help="the settings of a run, written by `harness gate`")


def pytest_configure(config: pytest.Config) -> None:
    """Offer the fixtures, and wake up when a run is named."""
    config.pluginmanager.register(fixtures, "harness-fixtures")
    config.addinivalue_line("markers", "clause(id, level): certifies one claim; see harness.claims")
    path = config.getoption("--harness-run")
    if path is None:
        return
    # A library's deprecation is no evidence against a cluster: the project's own tests are stricter (pyproject.toml).
    config.addinivalue_line("filterwarnings", "default")
    _collect_everything(config)
    settings = Settings.read(path)
    random.seed(settings.seed)
    config.stash[RUN] = _rehearsed(config, settings) if settings.is_rehearsal else Run(settings=settings)
    console = _console()
    config.stash[PROGRESS] = TerminalProgress(console)
    config.pluginmanager.register(Certifier(config.stash[RUN], console=console), "harness-certifier")


def _rehearsed(config: pytest.Config, settings: Settings) -> Run:
    """Return a run in virtual time, whose fixtures stand in for those of a cluster: later ones come first."""
    clock = RehearsalClock()
    bugs = frozenset({Bug[settings.planted]} if settings.planted else ())
    config.pluginmanager.register(RehearsalFixtures(clock, bugs), "harness-rehearsal")
    return Run(settings=settings, clock=clock)


def _collect_everything(config: pytest.Config) -> None:
    """Let --lf choose only among the clauses that were collected: it would keep the others from being seen as owed."""
    if config.pluginmanager.has_plugin("lfplugin-collwrapper"):
        config.pluginmanager.unregister(name="lfplugin-collwrapper")


def _console() -> Console:
    """Return a console on a copy of standard output, which stays on the screen while pytest captures the original."""
    try:
        copy = os.dup(sys.stdout.fileno())
    except io.UnsupportedOperation:  # no file: a program that embeds this one, such as a test, collects what is said
        return Console(file=sys.stdout, highlight=False, soft_wrap=True)
    screen = os.fdopen(copy, "w", encoding="utf-8", buffering=1)
    return Console(file=screen, highlight=False, soft_wrap=not screen.isatty())


class Certifier:
    """Turns test outcomes into verdicts and a session into a certificate."""

    def __init__(self, run: Run, *, console: Console) -> None:
        self._run, self._console = run, console
        self._live = LiveLines(console)
        self._phases: list[_Phase] = []
        self._unloadable: list[str] = []
        self._tidy = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Order the clauses and note what this level owes, before -k, -m and --lf have their say."""
        claims = [self._claim(item) for item in items]
        duplicated = sorted({claim.id for claim in claims if [c.id for c in claims].count(claim.id) > 1})
        if duplicated:
            raise pytest.UsageError(f"claim ids must be unique, these are not: {', '.join(duplicated)}")
        settings = self._run.settings
        owed = [item for item in items if settings.level.includes(item.stash[CLAIM].level)]
        owed.sort(key=lambda item: place(item.stash[CLAIM]))
        self._run.owed.update({item.stash[CLAIM].id: item.stash[CLAIM] for item in owed})
        self._take_over()
        judged = {result.claim.id for result in self._run.results}
        wanted = [i for i in owed if settings.selection.takes(i.stash[CLAIM]) and i.stash[CLAIM].id not in judged]
        config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
        items[:] = wanted

    def _take_over(self) -> None:
        """Begin with the results of the interrupted run, if this one resumes it."""
        settings = self._run.settings
        if settings.resumes is None:
            return
        found = resumption.earlier_results(settings.resumes)
        earlier = [result for result in found if result.claim.id in self._run.owed]
        for result in earlier:
            resumption.note(result, settings.report_dir)
        self._run.results.extend(earlier)
        self._run.event("resumed", f"{len(earlier)} results of run {settings.resumes.name} are taken over")
        self._say(f"  {len(earlier)} clauses were judged by run {settings.resumes.name} and are not run again.")

    def _claim(self, item: pytest.Item) -> Claim:
        mark = item.get_closest_marker("clause")
        if mark is None or not isinstance(item, pytest.Function):
            raise pytest.UsageError(f"{item.nodeid} certifies nothing: mark it with @clause('XXX-00')")
        try:
            item.stash[CLAIM] = claim_of(item.function, mark)
        except ValueError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from error
        item.extra_keyword_matches.add(item.stash[CLAIM].id)
        return item.stash[CLAIM]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what cannot be loaded: nobody knows which clauses would have been in it."""
        if report.failed:
            self._unloadable.append(f"{report.nodeid} does not load: {_last_line(report.longreprtext)}")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note how much there is left to do, after -k, -m and --lf had their say."""
        self._live.expect(len(session.items))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        claim = item.stash[CLAIM]
        started_s = self._run.clock.now_s()
        self._phases = []
        with self._live.running(claim), ended_when_still(self._run.settings.report_dir):
            answer = yield
        result = self._result(item, started_s=started_s)
        self._run.results.append(result)
        resumption.note(result, self._run.settings.report_dir)
        self._live.done(result)
        return answer

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge one phase of a test, and make its report say so to everyone who reads reports."""
        report = yield
        verdict, reason = _judge(call, report, self._evidence(item))
        self._phases.append((call.when, verdict, reason))
        so_far, _ = _merged(self._phases)
        report.user_properties.extend([("claim", item.stash[CLAIM].id), ("verdict", so_far.value)])
        report.__dict__.pop("wasxfail", None)  # an expected failure is none the less a failure
        report.outcome, report.longrepr = "failed", f"{verdict.value}: {reason}"
        if verdict is Verdict.PASS:
            report.outcome, report.longrepr = "passed", None
        elif verdict is Verdict.UNSUPPORTED:
            report.outcome, report.longrepr = "skipped", (str(item.path), item.location[1] or 0, report.longrepr)
        return report

    def _evidence(self, item: pytest.Item) -> Evidence:
        return self._run.evidence.setdefault(item.nodeid, Evidence())

    def _result(self, item: pytest.Item, *, started_s: float) -> ClauseResult:
        verdict, reason = _merged(self._phases)
        return ClauseResult(
            claim=item.stash[CLAIM],
            verdict=verdict,
            reason=reason,
            started_s=started_s,
            duration_s=self._run.clock.now_s() - started_s,
            evidence=self._evidence(item),
        )

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Keep pytest's own letters off the screen: the live lines say it; the closing count still counts."""
        if report.when == "call" or report.outcome == "failed":
            return (report.outcome, "", "")
        return ("", "", "")

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Publish after the fixtures are finished, with the last state in it, and before the terminal's summary."""
        try:
            yield
        except Exception as error:  # whatever goes wrong while fixtures are finished must not cost the certificate
            self._tidy = False
            self._run.event("clean-up", f"failed: {type(error).__name__}: {error}")
            self._say(f"The clean-up failed: {type(error).__name__}: {error}")
        session.exitstatus = int(self._conclude(session.exitstatus))

    def _conclude(self, status: int) -> int:
        """Write the certificate, if the run came to have one, and return the exit code."""
        if self._unloadable:
            self._say("\n".join(self._unloadable))
            return ExitCode.HARNESS
        if status in (ExitCode.HARNESS, ExitCode.USAGE):
            return status
        if status == pytest.ExitCode.NO_TESTS_COLLECTED:
            self._say("No clause matches the selection: see `harness claims` for their ids.")
            return ExitCode.USAGE
        try:
            certificate = publish(self._run)
        except Exception:  # or Python would exit with 1, which means: not certified
            self._say(f"The certificate could not be written.\n{traceback.format_exc()}")
            return ExitCode.HARNESS
        if certificate.exit_code is ExitCode.CERTIFIED and not self._tidy:
            return ExitCode.HARNESS
        return certificate.exit_code

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False)

    def pytest_terminal_summary(self) -> None:
        folder = self._run.settings.report_dir
        if (folder / "certificate.json").exists():
            certificate = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
            render_summary(certificate, report=folder / "report.html", console=self._console)


def _merged(phases: Sequence[_Phase]) -> tuple[Verdict, str]:
    """Merge the phases of a test: its call decides, but a set-up or clean-up that went wrong is not hidden."""
    bad = [(verdict, reason) for _, verdict, reason in phases if verdict is not Verdict.PASS]
    if bad:
        worst = merge(verdict for verdict, _ in bad)
        return next((verdict, reason) for verdict, reason in bad if verdict is worst)
    if not any(when == "call" for when, _, _ in phases):
        return Verdict.INCONCLUSIVE, "the clause did not run"
    return Verdict.PASS, ""


def _judge(call: pytest.CallInfo[None], report: pytest.TestReport, evidence: Evidence) -> tuple[Verdict, str]:
    """Say what one phase of a test means. Only an assertion speaks against the cluster; other errors are ours."""
    if call.excinfo is None:
        if call.when == "call" and evidence.is_empty:
            return Verdict.INCONCLUSIVE, "the clause recorded no evidence"
        return Verdict.PASS, ""
    error = call.excinfo.value
    if isinstance(error, AssertionError) and call.when == "call":
        return Verdict.FAIL, _first_line(error)
    if isinstance(error, UnsupportedHere) and call.when == "call":
        return Verdict.UNSUPPORTED, str(error)
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


def _last_line(text: str) -> str:
    lines = text.splitlines()
    return lines[-1].removeprefix("E").strip() if lines else "no reason given"
