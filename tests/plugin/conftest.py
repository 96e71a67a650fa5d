"""Runs the harness on tiny suites, as `harness gate` runs it on the real ones, and hands back what came of it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from harness.claims import Level
from harness.cluster.connection import Target
from harness.run import Settings
from harness.selection import Selection

PREAMBLE = """
import pytest
from harness.claims import Level, clause
from harness.verdict import Inconclusive
"""
CONFTEST = """
import pathlib
import pytest

@pytest.fixture(scope="session")
def deployment():
    yield "a deployment that exists only in this test"
    pathlib.Path("taken-down").touch()

@pytest.fixture(scope="session")
def cluster(deployment):
    return "a cluster that exists only in this test"
"""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a run of a tiny suite left behind; the certificate is None when none was written."""

    exit_code: int
    certificate: Mapping[str, Any] | None
    junit: ElementTree.Element | None
    screen: str
    folder: Path
    report: Path

    @property
    def verdicts(self) -> dict[str, str]:
        """Each clause's verdict by its id, in the order of the run; and NOT RUN for those that did not."""
        assert self.certificate is not None, f"no certificate was written: {self.screen}"
        ran = {clause["id"]: clause["verdict"] for clause in self.certificate["clauses"]}
        return {**ran, **{clause["id"]: "NOT RUN" for clause in self.certificate["not_run"]}}

    def clause(self, claim_id: str) -> Mapping[str, Any]:
        assert self.certificate is not None, f"no certificate was written: {self.screen}"
        found: Mapping[str, Any]
        (found,) = [clause for clause in self.certificate["clauses"] if clause["id"] == claim_id]
        return found

    @property
    def took_down(self) -> bool:
        return (self.folder / "taken-down").exists()


class Certify:
    """Writes a tiny suite and certifies with it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self._runs = 0

    def __call__(
        self,
        suite: str | Mapping[str, str],
        *arguments: str,
        level: Level = Level.GATE,
        conftest: str = CONFTEST,
        selection: Selection | None = None,
        resumes: Path | None = None,
    ) -> Finished:
        """Run a suite (its tests, or its files by name) as a harness of its own would."""
        files = suite if isinstance(suite, Mapping) else {"test_suite": suite}
        self._pytester.makeconftest(conftest)
        self._pytester.makepyfile(**{name: PREAMBLE + textwrap.dedent(text) for name, text in files.items()})
        folder = self._new_run(level, selection or Selection(), resumes)
        result = self._pytester.runpytest_inprocess(
            *("-p", "harness.plugin", "--harness-run", str(folder / "settings.json")),
            *("-q", "--no-header", "--tb=no", "-rN", "-p", "no:locust", "--disable-warnings"),
            f"--junitxml={folder / 'junit.xml'}",
            *arguments,
            no_reraise_ctrlc=True,
        )
        certificate, junit = folder / "certificate.json", folder / "junit.xml"
        return Finished(
            exit_code=int(result.ret),
            certificate=json.loads(certificate.read_text(encoding="utf-8")) if certificate.exists() else None,
            junit=ElementTree.parse(junit).getroot() if junit.exists() else None,
            screen="\n".join((*result.outlines, *result.errlines)),
            folder=self._pytester.path,
            report=folder,
        )

    def _new_run(self, level: Level, selection: Selection, resumes: Path | None) -> Path:
        self._runs += 1
        folder = self._pytester.path / "reports" / f"run-{self._runs}"
        folder.mkdir(parents=True)
        (folder / "manifests.json").write_text("[]", encoding="utf-8")
        document = self._pytester.path / "page.md"
        document.write_text("# A page\n", encoding="utf-8")
        settings = Settings(
            run_id=folder.name,
            level=level,
            seed=7,
            report_dir=folder,
            namespace="tiny",
            target=Target(kubeconfig=Path("none"), context=None, kubectl=Path("none"), is_testbed=False),
            manifests_source="none",
            manifests_file=folder / "manifests.json",
            document=document,
            reuse=False,
            keep=False,
            command="harness gate --seed 7",
            selection=selection,
            resumes=resumes,
        )
        settings.write(folder / "settings.json")
        return folder


CertifyFixture = Callable[..., Finished]


@pytest.fixture
def certify(pytester: pytest.Pytester) -> Certify:
    """Return a function that certifies with a tiny suite."""
    return Certify(pytester)
