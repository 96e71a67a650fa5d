"""Solo: an engine that ends in another way than in order has shown nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness import solo
from harness.clients.engine.orders import ProducerOrder
from harness.measuring.traffic import Traffic
from harness.verdict import Inconclusive
from harness.waiting import wait_until


def order(folder: Path) -> ProducerOrder:
    return ProducerOrder(
        name="producer-0",
        number=0,
        producers=1,
        bootstrap="127.0.0.1:1",
        topic="orders",
        traffic=Traffic(partitions=1),
        folder=str(folder),
        started_ns=time.monotonic_ns(),
        drain_s=0.1,
        trace=str(folder / "producer-0.jsonl"),
    )


def ends_with(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ProducerOrder:
    """Let a module stand in for the engine that runs this code."""
    (folder / "stands_in.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setitem(solo.MODULES, ProducerOrder, "stands_in")
    return order(folder)


def test_an_engine_that_ends_by_itself_is_inconclusive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordered = ends_with("raise SystemExit(0)", tmp_path, monkeypatch)
    with pytest.raises(Inconclusive, match="ended with 0 before it was told to"):
        solo.work(ordered, seconds=60)


def test_an_engine_that_breaks_while_it_finishes_is_inconclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\nopen('%s', 'w')\nsignal.pause()"
    ready = tmp_path / "ready"
    ordered = ends_with(code % ready, tmp_path, monkeypatch)
    with pytest.raises(Inconclusive, match="producer-0 ended with 7"):
        solo.work(ordered, seconds=0.1, meanwhile=lambda: _await(ready))


def test_what_it_left_is_read_and_its_cpu_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = '{\\"ledger\\":{\\"sent\\":{\\"0/0\\":3},\\"acknowledged\\":{\\"0/0\\":[[0,2,1]]}}}'
    code = (
        "import signal, sys\n"
        f"def end(*_):\n    open('{tmp_path}/producer-0.jsonl', 'w').write(\"{trace}\\n\"); sys.exit(0)\n"
        f"signal.signal(signal.SIGTERM, end)\nopen('{tmp_path}/ready', 'w')\nsignal.pause()"
    )
    done = solo.work(ends_with(code, tmp_path, monkeypatch), seconds=0.1, meanwhile=lambda: _await(tmp_path / "ready"))
    (ledger,) = done.trace.ledgers
    assert ledger.as_json()["sent"] == {"0/0": 3}
    assert done.cpu_s > 0


def test_what_fails_meanwhile_ends_the_engine_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordered = ends_with("import signal\nsignal.pause()", tmp_path, monkeypatch)

    def fails() -> None:
        raise OSError("half done")

    with pytest.raises(OSError, match="half done"):
        solo.work(ordered, seconds=60, meanwhile=fails)


def test_a_folder_is_used_once(tmp_path: Path) -> None:
    solo.fresh(tmp_path / "a")
    with pytest.raises(FileExistsError):
        solo.fresh(tmp_path / "a")


def _await(path: Path) -> None:
    wait_until(path.exists, what=f"{path.name}", timeout_s=10, every_s=0.01)
