"""A doomed producer is a real process: it is killed when it is told to, and one that dies by itself shows nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.clients import doomed
from harness.clients.doomed import DoomedProducer
from harness.clients.settings import transactional_producer
from harness.clients.transaction import Intent
from harness.verdict import Inconclusive
from tests.clients.fakes import FakeProducer

SETTINGS = transactional_producer("127.0.0.1:9", transactional_id="smith", timeout_s=5)
INTENT = Intent(sends=(("orders-0", "a"), ("orders-1", "b")))


def test_a_process_that_dies_by_itself_makes_the_clause_inconclusive() -> None:
    broken = DoomedProducer({**SETTINGS, "no.such.setting": "1"}, INTENT)
    with broken, pytest.raises(Inconclusive, match="No such configuration property"):
        broken.await_open()


@pytest.mark.parametrize(
    ("told", "offsets"),
    [({"offsets": {"0": 7, "1": 9}, "error": None}, {0: 7, 1: 9}), ({"offsets": {}, "error": "_TIMED_OUT"}, None)],
    ids=["open", "refused"],
)
def test_what_the_process_says_is_believed(
    told: dict[str, object], offsets: dict[int, int] | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in = tmp_path / "stand-in"
    stand_in.write_text(f"#!/bin/sh\necho '{json.dumps(told)}'\nexec sleep 60\n", encoding="utf-8")
    stand_in.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(stand_in))
    with DoomedProducer(SETTINGS, INTENT) as process:
        if offsets is None:
            with pytest.raises(Inconclusive, match="could not write: _TIMED_OUT"):
                process.await_open()
        else:
            ending = process.await_open()
            assert (ending.error, ending.offsets) == (None, offsets)
        process.kill()
    assert process.transactional_id == "smith"


def test_the_process_leaves_its_transaction_open_until_it_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    producer = FakeProducer()
    ends: list[int] = []
    monkeypatch.setattr("harness.clients.transaction.Producer", lambda _: producer)
    monkeypatch.setattr("sys.stdin", type("Ended", (), {"read": staticmethod(lambda: "")}))
    monkeypatch.setattr("os._exit", ends.append)
    doomed.main([json.dumps({"settings": SETTINGS, "sends": INTENT.sends})])
    told = json.loads(capsys.readouterr().out)
    assert told["error"] is None
    assert told["offsets"].keys() == {"0", "1"}
    assert ends == [1]
    assert producer.calls == ["init", "begin", "produce", "produce", "flush"]
