"""What no tracked file may hold: paths of one machine, hosts of package registries, and work that is left for later.

The patterns are written so that they do not match themselves.
"""

from __future__ import annotations

import re

import pytest

from tests.repo.tracked import expect_none, files, texts

FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|Use[r]s|hom[e]/[a-z]\w*)/"),
    "the host of a package registry": re.compile(
        r"\b(?:[\w-]+\.)*(?:p[y]pi|n[p]mjs|py[t]honhosted|goprox[y]|artifactor[y]|jfro[g])\b[\w.-]*\.\w+"
        r"|\bpro[x]y\.golang\.\w+|\bs[u]m\.golang\.\w+|\brep[o]1?\.maven\b|\bde[b]\.debian\b|\bsnapsho[t]\.debian\b"
        r"|https?://[\w.-]*(?:regist[r]y|nexu[s]|mirro[r])[\w.-]*"
    ),
    "work that is left for later": re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b(?!-)"),
    "a mark of an unfinished merge": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}
EXAMPLES = {
    "a path of one machine": ["cd /wor" + "k/main", "'/roo" + "t/.cache'", "/hom" + "e/me/x"],
    "the host of a package registry": [
        "https://p" + "ypi.org/simple",
        "regis" + "try.n" + "pmjs.org",
        "pro" + "xy.golang.org",
    ],
    "work that is left for later": ["# TO" + "DO: later", "FIX" + "ME"],
    "a mark of an unfinished merge": ["<" * 7 + " ours"],
}
HARMLESS = [
    "/var/lib/kafka",
    "HOME=/root",
    "homework/",
    "docs/work/",
    "pypi",
    "a registry",
    "registry.k8s.io/pause",
    "XXX-00",
]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    expect_none(
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for path, text in texts()
        for match in FORBIDDEN[what].finditer(text)
    )


@pytest.mark.parametrize("what", FORBIDDEN)
def test_it_would_be_seen(what: str) -> None:
    assert [text for text in EXAMPLES[what] if not FORBIDDEN[what].search(text)] == []
    assert [text for text in HARMLESS if FORBIDDEN[what].search(text)] == []


def test_no_result_of_a_run_is_tracked() -> None:
    assert [path for path in files() if path.startswith("reports/") and path != "reports/README.md"] == []


def test_every_text_ends_with_a_line_break_and_has_no_trailing_blanks() -> None:
    ours = [(path, text) for path, text in texts() if not path.endswith((".json", ".svg", ".html"))]
    assert [path for path, text in ours if text and not text.endswith("\n")] == []
    blanks = re.compile(r"[ \t]+$", re.MULTILINE)
    assert [
        path for path, text in ours if path.endswith((".py", ".yaml", ".toml", ".ini")) and blanks.search(text)
    ] == []
