"""What libraries say on standard error goes to a file, and what people are to see still reaches the screen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.client_words import kept_in


def test_what_a_library_writes_is_kept_and_what_people_see_is_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "clients.log"
    with kept_in(path) as screen:
        os.write(2, b"a producer was fenced\n")
        print("a fault is over", file=screen)
    os.write(2, b"afterwards\n")
    assert path.read_text(encoding="utf-8") == "a producer was fenced\n"
    assert capfd.readouterr().err == "a fault is over\nafterwards\n"


def test_standard_error_is_itself_again_whatever_happens(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), kept_in(tmp_path / "clients.log"):
        raise KeyboardInterrupt
    os.write(2, b"seen\n")
    assert capfd.readouterr().err == "seen\n"
