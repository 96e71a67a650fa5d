"""The summary: a run's result on the terminal, what is not green next to the verdict at its end.

The last lines are those that a terminal shows and that the log of a pipeline keeps.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.certificate import Certificate, ClauseResult
from harness.certificate_reader import read_certificate
from harness.report.figures import duration
from harness.report.machine import pace_words
from harness.report.words import NOT_RUN, VERDICTS, VerdictWords, family_name, headline, rerun_command, verdicts_in
from harness.verdict import Verdict

_STYLES = {
    "pass": "green",
    "fail": "bold red",
    "inconclusive": "bold yellow",
    "not-run": "bold yellow",
    "unsupported": "cyan",
}
_CLAUSES_SHOWN = 12
_LINES_EACH = 4
_INDENT = 4
_WIDEST = 110


def render_summary(certificate: Mapping[str, Any], *, report: Path, console: Console) -> None:
    """Print the summary of a certificate (its JSON form); `report` is where the HTML report was written.

    Reasons come from logs and clusters: they are printed as plain text, so no bracket in them is taken for a
    style and no escape code reaches the terminal.
    """
    read = read_certificate(certificate)
    width = min(console.width, _WIDEST)
    console.print()
    if read.clauses or read.not_run:
        console.print(_family_table(read))
        console.print()
    _print_reasons(read, width=width, console=console)
    words = VERDICTS[read.verdict]
    verdict = Text(f"{words.sign} {words.title}", style=_STYLES[words.class_])
    console.print(verdict.append(f" (exit code {int(read.exit_code)}): {headline(read)}", style="default"), width=width)
    _print_line("report", str(report), console=console)
    rerun = rerun_command(read)
    if rerun is not None:
        _print_line("what did not pass, again", rerun, console=console)
    elif read.run.get("command"):
        _print_line("all of it again", str(read.run["command"]), console=console)


def _print_reasons(certificate: Certificate, *, width: int, console: Console) -> None:
    """Print each clause that failed, could not be judged or be tried, then the names of those that did not run."""
    clauses = [
        clause
        for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED)
        for clause in certificate.clauses
        if clause.verdict is verdict
    ]
    for clause in clauses[:_CLAUSES_SHOWN]:
        _print_clause(clause, pace=pace_words(clause, certificate), width=width, console=console)
    if len(clauses) > _CLAUSES_SHOWN:
        console.print(Text(f"and {len(clauses) - _CLAUSES_SHOWN} more, see the report\n"))
    if certificate.not_run:
        _print_heading(NOT_RUN, "", console=console)
        ids = ", ".join(claim.id for claim in certificate.not_run)
        _print_wrapped(ids, width=width, console=console)
        console.print()


def _print_clause(clause: ClauseResult, *, pace: str, width: int, console: Console) -> None:
    _print_heading(VERDICTS[clause.verdict], clause.claim.id, console=console)
    _print_wrapped(clause.claim.sentence, width=width, console=console, style="dim")
    _print_wrapped(clause.reason or "no reason was given", width=width, console=console)
    if pace:
        _print_wrapped(pace, width=width, console=console, style="dim")
    console.print()


def _print_heading(words: VerdictWords, claim_id: str, *, console: Console) -> None:
    heading = Text(f"{words.sign} {words.name.upper()}", style=_STYLES[words.class_])
    console.print(heading.append(f"  {claim_id}", style="bold") if claim_id else heading)


def _print_wrapped(words: str, *, width: int, console: Console, style: str = "") -> None:
    """Print text as a few indented lines; what is cut off is in the report."""
    lines = textwrap.wrap(_printable(words), width - _INDENT, max_lines=_LINES_EACH, placeholder=" …")
    console.print(Text(textwrap.indent("\n".join(lines), " " * _INDENT), style=style), no_wrap=True, crop=False)


def _print_line(name: str, value: str, *, console: Console) -> None:
    """Print a path or a command on a line that is never broken, so that it can be copied."""
    console.print(Text(f"  {name}: ", style="dim").append(_printable(value), style="not dim"), soft_wrap=True)


def _family_table(certificate: Certificate) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("family", no_wrap=True)
    verdicts = verdicts_in(certificate)
    for words in (*(VERDICTS[verdict] for verdict in verdicts), NOT_RUN):
        table.add_column(words.name, justify="right", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    families = dict.fromkeys(
        [*(clause.claim.family for clause in certificate.clauses), *(claim.family for claim in certificate.not_run)]
    )
    for family in families:
        clauses = [clause for clause in certificate.clauses if clause.claim.family == family]
        waiting = sum(claim.family == family for claim in certificate.not_run)
        table.add_row(f"{family_name(family)} ({family})", *_cells(clauses, verdicts, not_run=waiting))
    table.add_row("all", *_cells(list(certificate.clauses), verdicts, not_run=len(certificate.not_run)), style="bold")
    return table


def _cells(clauses: list[ClauseResult], verdicts: Sequence[Verdict], *, not_run: int) -> list[Text]:
    counted = [(VERDICTS[verdict], sum(clause.verdict is verdict for clause in clauses)) for verdict in verdicts]
    cells = [_count(count, words) for words, count in [*counted, (NOT_RUN, not_run)]]
    took = duration(sum(clause.duration_s for clause in clauses)) if clauses else "·"
    return [*cells, Text(took, style="" if clauses else "dim")]


def _count(count: int, words: VerdictWords) -> Text:
    return Text(str(count), style=_STYLES[words.class_]) if count else Text("·", style="dim")


def _printable(text: str) -> str:
    """Replace what is not a printable character, an escape code before all, by a space."""
    return "".join(character if character.isprintable() else " " for character in text)
