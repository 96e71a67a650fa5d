"""Launching a run: settle everything that can be settled first, then certify from where the brokers can be reached."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import FrameType

import testbed
from harness import document, nodejs, resumption, stillness
from harness.claims import Level
from harness.cluster.connection import Target, connect, find_kubectl
from harness.cluster.rendering import Manifests, render
from harness.errors import ExitCode, MachineError, UsageError
from harness.heal_order import HealOrder
from harness.progress import Progress
from harness.rehearsal.bugs import Bug
from harness.run import Settings
from harness.selection import Selection

ROOT = Path(__file__).parent.parent
DOCUMENTED = ROOT / "manifests" / "base"
ON_TESTBED = ROOT / "manifests" / "overlays" / "testbed"
UNTHROTTLED = ROOT / "manifests" / "overlays" / "unthrottled"
"""The testbed's cluster, its brokers without a limit of CPU: generators are compared, not the brokers' quota."""
SUITES = ROOT / "suites"

Work = Callable[[Settings, Path], Sequence[str]]
"""Gives the Python module to run and its arguments, for a run's settings and the file that holds them."""

Enter = Callable[[list[str]], list[str]]
"""Turns a command line into one that runs where the brokers' names resolve."""


NOWHERE = Target(kubeconfig=Path(os.devnull), context=None, kubectl=Path("kubectl"), is_testbed=False)
"""The Kubernetes of a rehearsal, which has none: whoever connects to it all the same is refused."""


class Where(Enum):
    """On what a run takes place, if not on the cluster of a kubeconfig."""

    TESTBED = "testbed"
    REHEARSAL = "rehearsal"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the user typed; None means that the default is wanted."""

    level: Level
    seed: int
    reports: Path
    kubeconfig: Path | None = None
    context: str | None = None
    namespace: str = "greenfield"
    manifests: Path | None = None
    document: Path = document.DEFAULT_PATH
    reuse: bool = False
    keep: bool = False
    keyword: str | None = None
    stop_first: bool = False
    last_failed: bool = False
    selection: Selection = field(default_factory=Selection)
    resume: Path | None = None
    """The folder of the interrupted run that goes on."""
    cluster: Where | None = None
    plant: Bug | None = None
    known: str | None = None
    """The namespace of which the user said that nobody depends on it, whatever it looks like."""

    def __post_init__(self) -> None:
        """Refuse options that contradict each other."""
        if self.plant is not None and self.cluster is not Where.REHEARSAL:
            raise UsageError(f"got --plant {self.plant.name} for a real cluster", remedy="add --cluster rehearsal")
        if self.known is not None and self.known != self.namespace:
            raise UsageError(
                f"got --i-know-this-is {self.known} for namespace {self.namespace!r}",
                remedy="name the same namespace in both",
            )
        if self.cluster is Where.TESTBED and self.kubeconfig is not None:
            raise UsageError("got --cluster testbed and --kubeconfig", remedy="leave one of them out")
        if self.cluster is Where.REHEARSAL and (needless := self._about_kubernetes()):
            raise UsageError(
                f"got --cluster rehearsal and {', '.join(needless)}",
                remedy="a rehearsal deploys nothing: leave one out",
            )

    def _about_kubernetes(self) -> list[str]:
        given = {
            "--kubeconfig": self.kubeconfig,
            "--context": self.context,
            "--manifests": self.manifests,
            "--reuse": self.reuse,
            "--keep": self.keep,
        }
        return [option for option, value in given.items() if value]


@dataclass(frozen=True, kw_only=True)
class HealRequest:
    """What the user typed to have faults healed."""

    kubeconfig: Path | None
    context: str | None
    namespace: str
    run: str | None
    reports: Path
    dry_run: bool

    def order(self, target: Target) -> HealOrder:
        """Return what the process that heals is told."""
        reports = self.reports.resolve()
        return HealOrder(target=target, namespace=self.namespace, run=self.run, reports=reports, dry_run=self.dry_run)


def launch(request: Request, *, work: Work, progress: Progress) -> tuple[ExitCode, Path]:
    """Do the work where the brokers can be reached; return its exit code and the folder of the report."""
    document.read(request.document)
    if request.cluster is Where.REHEARSAL:
        settings = _settings(request, NOWHERE, Manifests(source="none, a rehearsal deploys nothing", objects=()))
        return _do(work, settings, enter=list), settings.report_dir
    if request.kubeconfig is None:
        return _launch_on_testbed(request, work=work, progress=progress)
    target = _foreign(request.kubeconfig, request.context)
    manifests = _rendered(request, default=DOCUMENTED, kubectl=target.kubectl)
    connect(target)
    nodejs.prepare_kafkajs(progress)
    settings = _settings(request, target, manifests)
    return _do(work, settings, enter=list), settings.report_dir


def _launch_on_testbed(request: Request, *, work: Work, progress: Progress) -> tuple[ExitCode, Path]:
    if request.context is not None:
        raise _no_kubeconfig(request.context)
    own_kubectl = shutil.which("kubectl")
    early = _rendered(request, default=ON_TESTBED, kubectl=Path(own_kubectl)) if own_kubectl else None
    nodejs.prepare_kafkajs(progress)
    with testbed_in_use(keep=request.keep, progress=progress) as bed:
        target = Target(kubeconfig=bed.kubeconfig, context=None, kubectl=bed.kubectl, is_testbed=True)
        settings = _settings(request, target, early or _rendered(request, default=ON_TESTBED, kubectl=bed.kubectl))
        code = _sweep(settings, bed) or _do(work, settings, enter=lambda argv: testbed.enter(bed, argv))
    return code, settings.report_dir


def _foreign(kubeconfig: Path, context: str | None) -> Target:
    return Target(kubeconfig=kubeconfig, context=context, kubectl=find_kubectl(), is_testbed=False)


def _no_kubeconfig(context: str) -> UsageError:
    return UsageError(f"got --context {context!r} and no kubeconfig", remedy="name its file too, with --kubeconfig")


def _sweep(settings: Settings, bed: testbed.Testbed) -> ExitCode:
    """Remove what an earlier run kept, and make its volumes new: file systems are made where the testbed lives."""
    if settings.reuse:
        return ExitCode.CERTIFIED
    file = settings.report_dir / "settings.json"
    settings.write(file)
    argv = testbed.enter(bed, [sys.executable, "-m", "harness.sweep", str(file)])
    code = ExitCode(subprocess.run(argv, cwd=ROOT, check=False).returncode)
    if code is ExitCode.CERTIFIED:
        testbed.renew_volumes(bed)
    return code


def _rendered(request: Request, *, default: Path, kubectl: Path) -> Manifests:
    rendered = render(request.manifests or default, kubectl=kubectl)
    if not request.reuse:
        for name in ("kafka", "zookeeper"):
            rendered.stateful_set(name)
    return rendered


@contextmanager
def testbed_in_use(*, keep: bool, progress: Progress) -> Iterator[testbed.Testbed]:
    """Use the testbed that runs, or one for this run alone; one that was there before is left there.

    The machine's lock is held all the while: a second run must not find a busy testbed slow and start it anew.
    """
    with testbed.lock():
        running = testbed.running()
        if running is not None:
            yield running
            return
        bed = testbed.up(progress=progress)
        try:
            yield bed
        finally:
            if not keep:
                _take_down(progress=progress)


def _take_down(*, progress: Progress) -> None:
    leftovers = testbed.down(progress=progress)
    if leftovers:
        raise MachineError(
            f"the testbed left {len(leftovers)} things behind ({'; '.join(leftovers[:3])})",
            remedy="run `harness down`",
        )


def _settings(request: Request, target: Target, manifests: Manifests) -> Settings:
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder = (request.reports / run_id).resolve()
    folder.mkdir(parents=True)
    file = folder / "manifests.json"
    file.write_text(json.dumps(manifests.objects, indent=1), encoding="utf-8")
    settings = Settings(
        run_id=run_id,
        level=request.level,
        seed=request.seed,
        report_dir=folder,
        namespace=request.namespace,
        target=target,
        manifests_source=manifests.source,
        manifests_file=file,
        document=request.document.resolve(),
        reuse=request.reuse,
        keep=request.keep,
        command=_command(request),
        selection=request.selection,
        resumes=request.resume,
        known=request.known,
        is_rehearsal=request.cluster is Where.REHEARSAL,
        planted=request.plant.name if request.plant else None,
    )
    _require_resumable(request, settings)
    return settings


def _require_resumable(request: Request, settings: Settings) -> None:
    """Refuse to resume a run that certified something else, and leave nothing of the attempt."""
    if request.resume is None:
        return
    try:
        resumption.require_same_subject(Settings.read(request.resume / "settings.json"), settings)
    except UsageError:
        shutil.rmtree(settings.report_dir)
        raise


def _command(request: Request) -> str:
    """Return the command that does the same again."""
    words = ["harness", request.level.value, f"--seed {request.seed}"]
    words += [f"--kubeconfig {request.kubeconfig}"] if request.kubeconfig else []
    words += [f"--context {request.context}"] if request.context else []
    words += [f"--namespace {request.namespace}"] if request.namespace != "greenfield" else []
    words += [f"--manifests {request.manifests}"] if request.manifests else []
    words += [f"--cluster {request.cluster.value}"] if request.cluster else []
    words += [f"--plant {request.plant.name}"] if request.plant else []
    words += [f"--i-know-this-is {request.known}"] if request.known else []
    words += ["--reuse"] if request.reuse else []
    words += [f"-k '{request.keyword}'"] if request.keyword else []
    words += [f"--only {','.join(request.selection.only)}"] if request.selection.only else []
    words += [f"--resume {request.resume.name}"] if request.resume else []
    words += [f"--skip {','.join(request.selection.skip)}"] if request.selection.skip else []
    return " ".join(words)


def heal(request: HealRequest) -> ExitCode:
    """Heal what faults left; on the testbed from inside it, elsewhere from here."""
    if request.kubeconfig is not None:
        target = _foreign(request.kubeconfig, request.context)
        return _run(["harness.inner_heal", request.order(target).as_text()], target=target, enter=list)
    if request.context is not None:
        raise _no_kubeconfig(request.context)
    with testbed.lock():
        bed = testbed.running()
        if bed is None:
            raise MachineError(
                "the testbed does not run, so nothing is left on it",
                remedy="name another cluster with --kubeconfig",
            )
        target = Target(kubeconfig=bed.kubeconfig, context=None, kubectl=bed.kubectl, is_testbed=True)
        argv = ["harness.inner_heal", request.order(target).as_text()]
        return _run(argv, target=target, enter=lambda argv: testbed.enter(bed, argv))


def _do(work: Work, settings: Settings, *, enter: Enter) -> ExitCode:
    """Do the work of a run."""
    file = settings.report_dir / "settings.json"
    settings.write(file)
    return _run(work(settings, file), target=settings.target, enter=enter)


def _run(module: Sequence[str], *, target: Target, enter: Enter) -> ExitCode:
    """Run a module in a process of its own, which stands where the brokers' names resolve."""
    argv = [sys.executable, "-m", *module]
    path = f"{target.kubectl.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    child = subprocess.Popen(enter(argv), cwd=ROOT, env={**os.environ, "PATH": path}, start_new_session=True)
    with _interrupts_passed_on_once(child):
        code = child.wait()
    if code in set(ExitCode):
        return ExitCode(code)
    raise MachineError(
        f"the process of the run ended without a word ({_how(code)})",
        remedy=f"where its cluster is still there, `harness heal --all` undoes its faults; a clause that took longer "
        f"than any may has left {stillness.FILE} beside its results",
    )


def _how(code: int) -> str:
    return f"exit status {code}" if code >= 0 else signal.Signals(-code).name


def suites(request: Request) -> Work:
    """Return the work of running the suites as asked."""
    return lambda settings, file: ["harness.inner", str(file), *_pytest_arguments(settings, request)]


def _pytest_arguments(settings: Settings, request: Request) -> Sequence[str]:
    arguments = [str(SUITES), "--harness-run", str(settings.report_dir / "settings.json")]
    arguments += ["-q", "--no-header", "--tb=no", "-rN", "-p", "no:locust", "--disable-warnings"]
    arguments += [f"--junitxml={settings.report_dir / 'junit.xml'}"]
    arguments += ["-k", request.keyword] if request.keyword else []
    arguments += ["-x"] if request.stop_first else []
    arguments += ["--lf"] if request.last_failed else []
    return arguments


@contextmanager
def _interrupts_passed_on_once(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass the first ^C (or TERM, HUP) on, so that the run can clean up; a second one must not stop the cleaning."""
    told: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        if not told:
            print("\nharness: interrupted, cleaning up (this takes up to a minute) …", file=sys.stderr, flush=True)
            child.send_signal(signal.SIGINT)
        told.append(number)

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, pass_on) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
