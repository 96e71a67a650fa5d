"""`harness chaos`: what is asked for is checked before anything is started, and what came of it is a certificate."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from rich.console import Console

from harness import chaos_run, launch
from harness.certificate_reader import read_certificate
from harness.chaos_order import ChaosOrder
from harness.claims import Level
from harness.cli import main
from harness.progress import TerminalProgress
from harness.quantities import seconds_of
from harness.rehearsal.bugs import Bug
from harness.run import Settings
from harness.verdict import Verdict

SCHEMA = json.loads((Path(__file__).parents[2] / "harness" / "certificate.schema.json").read_text(encoding="utf-8"))


def asked(tmp_path: Path, *arguments: str) -> Result:
    """Ask for what starts nothing: a request that is refused, or a dry run."""
    result = CliRunner().invoke(main, ["chaos", "--reports", str(tmp_path / "reports"), *arguments])
    assert not (tmp_path / "reports").exists()
    return result


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--for", "1m", "--search", "1m"), "harness: got --for and --search: leave all but one of them out"),
        (("--schedule", "none", "--only", "pause"), "harness: got --schedule and a choice of families: leave --only"),
        (("--schedule", "pause:leader"), "harness: got 'pause:leader' in a schedule, expected a step: write family"),
        (("--schedule", "noise@0"), "harness: got noise@0 of no known family: choose from: bad-image, "),
        (("--cluster", "rehearsal", "--schedule", "loss:leader@0+5"), "harness: got loss:leader@0+5, not on the reh"),
        (("--cluster", "rehearsal", "--only", "pause"), "harness: a rehearsal has none of pause: choose from: cold"),
        (("--only", "pasue"), "harness: there is no family pasue: choose from: bad-image, "),
        (
            ("--plant", "HALF_A_COMMIT"),
            "harness: got --plant HALF_A_COMMIT for a real cluster: add --cluster",
        ),
        (("--for", "soon"), "Error: Invalid value for '--for': got duration 'soon', expected a number and a unit"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = asked(tmp_path, *arguments)
    assert result.exit_code == 4
    assert [line for line in result.stderr.splitlines() if line.startswith(said)], result.stderr


def test_a_dry_run_says_which_faults_there_would_be_and_touches_nothing(tmp_path: Path) -> None:
    result = asked(tmp_path, "--dry-run", "--seed", "5", "--for", "2m", "--only", "process", "--skip", "cold-start")
    assert result.exit_code == 0
    first, *families, last = result.stdout.splitlines()
    assert first.startswith("Nothing is touched. This would deploy and strike, in namespace greenfield of testbed:")
    assert [line.split()[0] for line in families] == ["crash", "delete", "kill", "pause"]
    assert last.startswith("The schedule of seed 5, about: ")


def test_a_dry_run_names_what_a_rehearsal_does_not_have(tmp_path: Path) -> None:
    result = asked(tmp_path, "--dry-run", "--cluster", "rehearsal", "--search", "60s")
    assert "  pause              left out: not on the rehearsal cluster: it needs a real Kubernetes" in result.stdout
    assert result.stdout.splitlines()[-1] == "Schedules of these are searched for 60 s."


def test_what_is_asked_for_reaches_the_process_that_strikes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Settings, list[str]]] = []

    def do(work: launch.Work, settings: Settings, *, enter: launch.Enter) -> int:
        assert enter(["a"]) == ["a"]
        seen.append((settings, list(work(settings, Path("settings.json")))))
        return 1

    monkeypatch.setattr(launch, "_do", do)
    arguments = [
        "--cluster",
        "rehearsal",
        "--plant",
        "HALF_A_COMMIT",
        "--seed",
        "5",
        "--search",
        "60s",
        "--skip",
        "kill",
    ]
    result = CliRunner().invoke(main, ["chaos", "--reports", str(tmp_path), *arguments])
    assert result.exit_code == 1
    ((settings, (module, file, text)),) = seen
    assert (module, file, settings.level) == ("harness.chaos_run", "settings.json", Level.CHAOS)
    assert settings.command == "harness chaos --seed 5 --cluster rehearsal --plant HALF_A_COMMIT"
    order = ChaosOrder.of(text)
    assert order == ChaosOrder(for_s=600, shrink_s=60, search_s=60, skip=("kill",))
    assert order.words() == "--skip kill --search 60s"


def chaos(tmp_path: Path, order: ChaosOrder, *, plant: Bug | None = None) -> tuple[Verdict, dict[str, Any], str]:
    """Strike the in-memory Kafka in this process; return the verdict, the certificate and what was printed."""
    (tmp_path / "manifests.json").write_text("[]", encoding="utf-8")
    (tmp_path / "page.md").write_text("# A page\n", encoding="utf-8")
    settings = Settings(
        run_id="a-run",
        level=Level.CHAOS,
        seed=1,
        report_dir=tmp_path,
        namespace="none",
        target=launch.NOWHERE,
        manifests_source="none",
        manifests_file=tmp_path / "manifests.json",
        document=tmp_path / "page.md",
        reuse=False,
        keep=False,
        command=f"harness chaos --seed 1 --cluster rehearsal {order.words()}",
        is_rehearsal=True,
        planted=plant.name if plant else None,
    )
    screen = Console(file=io.StringIO(), width=200)
    verdict = chaos_run.chaos(chaos_run.run_of(settings), order, progress=TerminalProgress(screen), console=screen)
    certificate = json.loads((tmp_path / "certificate.json").read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(certificate)
    assert read_certificate(certificate).verdict is verdict
    assert isinstance(screen.file, io.StringIO)
    return verdict, certificate, screen.file.getvalue()


def test_a_rehearsal_that_holds_certifies_nothing(tmp_path: Path) -> None:
    verdict, certificate, said = chaos(tmp_path, ChaosOrder(for_s=0, shrink_s=0, schedule="crash:leader@0"))
    (clause,) = certificate["clauses"]
    assert (verdict, clause["verdict"], clause["level"]) == (Verdict.INCONCLUSIVE, "PASS", "chaos")
    assert "\nHELD, in a rehearsal, which certifies nothing\n" in said
    assert [fault["step"] for fault in clause["facts"]["faults"]] == ["crash:leader@0"]
    assert [judged["checker"] for judged in clause["judgements"]] == [
        "faults",
        "history",
        "exactly-once",
        "enough-overlap",
        "windows",
    ]


def test_what_fails_says_why_with_what_and_how_to_see_it_again(tmp_path: Path) -> None:
    order = ChaosOrder(for_s=0, shrink_s=60, schedule="kill:follower@after2,crash:leader@after3")
    verdict, certificate, said = chaos(tmp_path, order, plant=Bug.LEADER_EPOCH_FALLS)
    facts = certificate["clauses"][0]["facts"]
    assert verdict is Verdict.FAIL
    assert "\nNOT HELD: history: leader-epoch-regression " in said
    assert f"again: {facts['replay']}\n" in said
    assert facts["replay"] == f"harness chaos --seed 1 --cluster rehearsal --schedule {facts['schedule']}"
    assert facts["first_failed_with"] == "kill:follower@after2,crash:leader@after3"
    assert facts["nothing_smaller_fails"] is True
    assert "NOT HELD" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_an_interrupted_run_says_so_and_is_never_exit_code_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.campaign.undergo", interrupt)
    verdict, certificate, said = chaos(tmp_path, ChaosOrder(for_s=0, shrink_s=0, schedule="crash:leader@0"))
    assert (verdict, certificate["clauses"][0]["reason"]) == (Verdict.INCONCLUSIVE, "interrupted")
    assert "\nINCONCLUSIVE" in said


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("0s", 0), ("1.5m", 90)])
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "-1s", "1d", "1m30s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number and a unit such as '90s', '30m' or '2h'"):
        seconds_of(text)
