"""The muster: what user classes ask for together, and what cannot work."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.clients.engine.orders import LoadOrder
from harness.errors import ExitCode, UsageError
from harness.measuring.traffic import Records, Traffic
from load import options
from load.muster import Muster, muster, obey
from load.outcome import Objective

PAIR = SimpleNamespace(fixed_count=2, records=(Records(),), readers=1, sending=None, __name__="Pair")


class PageParser(ArgumentParser):
    """A parser that knows of a page, as Locust's does."""

    def add_argument(self, *flags: str, include_in_web_ui: bool = True, **fields: Any) -> Any:  # noqa: ARG002
        return super().add_argument(*flags, **fields)


def given(*argv: str) -> Namespace:
    """Return the options of a command line."""
    parser = PageParser()
    options.add_to(parser)
    parser.add_argument("--run-time", type=float)
    return parser.parse_args(argv)


ASKED = options.asked(given())


def user(**fields: Any) -> Any:
    """Return a fresh user class, as Locust knows them."""
    return SimpleNamespace(**{**vars(PAIR), **fields})


def test_classes_are_added_up() -> None:
    mixed = user(fixed_count=1, records=(Records(), Records(value_bytes=100)), readers=2)
    web = SimpleNamespace(fixed_count=3)
    assert muster([PAIR, mixed, web]) == Muster(users=6, producers=4, consumers=4)


def test_consumers_are_shared_out_to_groups() -> None:
    traffic = Muster(users=2, producers=2, consumers=4).traffic(replace(ASKED, groups=2))
    assert (traffic.producers, traffic.groups, traffic.consumers) == (2, 2, 2)


def test_producers_alone_have_no_groups() -> None:
    assert Muster(users=1, producers=1, consumers=0).traffic(ASKED).groups == 0


@pytest.mark.parametrize(
    ("made", "groups", "said"),
    [
        (Muster(users=1, producers=0, consumers=1), 1, "write nothing"),
        (Muster(users=1, producers=1, consumers=3), 2, "3 consumers for 2 groups"),
        (Muster(users=1, producers=1, consumers=7), 1, "with 6 partitions"),
    ],
)
def test_what_cannot_work_together_is_refused(made: Muster, groups: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        made.traffic(replace(ASKED, groups=groups))


def test_records_without_room_for_their_stamp_are_refused() -> None:
    with pytest.raises(UsageError, match="records of 5 bytes in Pair"):
        muster([user(records=(Records(value_bytes=5),))])


def ordered(**traffic: Any) -> LoadOrder:
    return LoadOrder(bootstrap="b", topic="t", traffic=Traffic(**traffic), drain_s=1, folder=".")


def test_an_order_decides_how_many_there_are_and_what_they_send() -> None:
    writer, reader = user(readers=0), user(records=())
    wanted = obey([writer, reader], ordered(producers=3, groups=0, records=Records(value_bytes=64)))
    assert wanted == [writer]
    assert (writer.fixed_count, writer.records) == (3, (Records(value_bytes=64),))


def test_an_order_and_users_that_do_both_are_refused() -> None:
    with pytest.raises(UsageError, match="no consumer alone"):
        obey([PAIR], ordered())


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--topic", "a b"), "got --topic 'a b'"),
        (("--rate", "-1"), "got --rate -1: give a number of at least 0.01"),
        (("--rate", "nan"), "got --rate nan"),
        (("--rate", "inf"), "got --rate inf"),
        (("--groups", "0"), "got --groups 0"),
        (("--min-ratio", "2"), "a number of from 0 to 1"),
    ],
)
def test_options_that_cannot_be_met_are_refused(argv: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        options.asked(given(*argv))


def test_what_the_page_hands_in_as_text_is_a_number() -> None:
    page = given()
    page.max_p99_ms, page.min_ratio = "250", ""
    assert options.asked(page).objective == Objective(max_p99_ms=250, min_ratio=None)
    page.max_p99_ms = "fast"
    with pytest.raises(UsageError, match="got --max-p99-ms 'fast'"):
        options.asked(page)


def test_a_wrong_option_ends_with_the_exit_code_for_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        given("--rate", "much")
    assert ended.value.code == ExitCode.USAGE
    assert "--rate" in capsys.readouterr().err


def test_a_test_takes_as_long_as_locust_is_told() -> None:
    assert options.asked(given("--run-time", "20")).run_s == 20
    assert options.asked(given()).run_s is None
    assert options.asked(given("--load-order", "o.json")).order == Path("o.json")


@pytest.mark.parametrize("host", ["http://kafka:9092", "kafka", "kafka:9092,", "kafka:9092 kafka:9093"])
def test_a_host_that_is_no_list_of_brokers_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="name brokers as host:port"):
        options.brokers(host)


def test_without_a_host_the_documented_brokers_are_meant() -> None:
    assert options.brokers(None).startswith("kafka-0.kafka.greenfield")
    assert options.brokers("a:1,b:2") == "a:1,b:2"
