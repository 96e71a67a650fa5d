"""A run never stands still for ever: a clause that takes too long ends its process, and says where it stood."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from harness.stillness import FILE, ended_when_still


def test_what_takes_too_long_ends_the_process_and_says_where_it_stood(tmp_path: Path) -> None:
    ended = threading.Event()
    with ended_when_still(tmp_path, after_s=0, end=ended.set):
        assert ended.wait(10)
    stacks = (tmp_path / FILE).read_text(encoding="utf-8")
    assert "test_what_takes_too_long_ends_the_process" in stacks


def test_what_is_done_in_time_ends_nothing(tmp_path: Path) -> None:
    ended = threading.Event()
    with ended_when_still(tmp_path, after_s=3600, end=ended.set):
        pass
    assert not ended.is_set()
    assert not (tmp_path / FILE).exists()


def test_nothing_is_watched_any_more_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="of the clause"), ended_when_still(tmp_path, after_s=3600):
        raise ValueError("of the clause")
    assert "stillness" not in {thread.name for thread in threading.enumerate()}
