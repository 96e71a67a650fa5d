"""Every link of every Markdown page leads somewhere: to a file of the repository and to a heading that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.repo.tracked import ROOT, expect_none, files


def links(text: str) -> Iterator[str]:
    """Give the targets of the links and pictures of a page; what stands in code is none."""
    for token in _flat(MarkdownIt().parse(text)):
        target = token.attrGet("href") if token.type == "link_open" else None
        target = token.attrGet("src") if token.type == "image" else target
        if target is not None:
            yield str(target)


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def anchors(text: str) -> set[str]:
    """Return the anchors that a reader's browser makes of a page's headings."""
    tokens = MarkdownIt().parse(text)
    titles = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead(page: str, text: str, *, root: Path = ROOT) -> Iterator[str]:
    """Give the links of a page that lead nowhere."""
    for target in links(text):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", path):
            continue  # another machine: not ours to check, and no test may go there
        file = (root / page).parent / path if path else root / page
        if not file.exists():
            yield f"{page}: {target} leads nowhere"
        elif not file.resolve().is_relative_to(root.resolve()):
            yield f"{page}: {target} leads out of the repository"
        elif anchor and anchor not in anchors(file.read_text(encoding="utf-8")):
            yield f"{page}: {target} names a heading that is not there"


def test_every_link_leads_somewhere() -> None:
    pages = [path for path in files() if path.endswith(".md")]
    assert "README.md" in pages
    expect_none(bad for page in pages for bad in dead(page, (ROOT / page).read_text(encoding="utf-8")))


def test_every_page_of_the_documentation_can_be_reached_from_the_readme() -> None:
    reached = {"README.md"}
    left = ["README.md"]
    while left:
        page = left.pop()
        for target in links((ROOT / page).read_text(encoding="utf-8")):
            file = ((ROOT / page).parent / target.partition("#")[0]).resolve()
            found = [file] if file.is_file() else sorted(file.glob("*.md"))
            for each in found:
                name = str(each.relative_to(ROOT)) if each.is_relative_to(ROOT) else ""
                if name.endswith(".md") and name not in reached:
                    reached.add(name)
                    left.append(name)
    assert {path for path in files() if path.startswith("docs/") and path.endswith(".md")} - reached == set()


def test_dead_links_are_seen(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# One heading, two!\n", encoding="utf-8")
    (tmp_path / "page.md").write_text("", encoding="utf-8")
    text = (
        "# Here\n[a](there.md) [b](there.md#one-heading-two) [c](#here) [d](https://example.org/x) `[e](code.md)`\n"
        "[f](gone.md) ![g](gone.png) [h](there.md#gone) [i](#gone) [j](../..)\n"
    )
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    assert [bad.split()[1] for bad in dead("page.md", text, root=tmp_path)] == [
        "gone.md",
        "gone.png",
        "there.md#gone",
        "#gone",
        "../..",
    ]
