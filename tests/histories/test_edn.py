"""The EDN reader: Jepsen's histories become operations, and what cannot be read is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.made import edn_of, made, written
from harness.errors import UsageError
from harness.histories.edn import read
from harness.ops import Op, OpType

INVOKE, OK, FAIL, INFO = OpType

JEPSEN = """
{:index 0, :time 11, :type :info, :process :nemesis, :f :start-partition, :value [:isolated {"n1" #{"n2"}}]}
{:type :invoke, :f :assign, :value (5 12), :seek-to-beginning? true, :time 12, :process 3, :index 1}
{:type :ok, :f :assign, :value (5 12), :seek-to-beginning? true, :time 13, :process 3, :index 2}
{:type :invoke, :f :txn, :value [[:send 5 436] [:poll] [:poll]], :time 14, :process 4, :index 3}
{:type :ok, :f :txn, :value ([:send 5 [1114 436]] [:poll {}] [:poll {5 ([0 1] [2 3]), 12 []}]), :time 15,
 :process 4, :rebalance-log [{:type :revoked, :keys [5 4]} {:type :assigned, :keys [], :node "n1"}], :index 4}
{:type :invoke, :f :send, :value [[:send 12 7]], :time 16, :process 3, :index 5}
{:type :info, :f :send, :value [[:send 12 [nil 7]]], :time 17, :process 3, :index 6, :error [:network "Broken: pipe"]}
{:type :invoke, :f :crash, :value nil, :time 18, :process 9, :index 7}
{:type :info, :f :crash, :value nil, :time 18, :process 9, :index 8}
{:type :invoke, :f :debug-topic-partitions, :value (5 12), :time 19, :process 13, :index 9}
{:type :invoke, :f :poll, :value [[:poll]], :poll-ms 1000, :time 20, :process 13, :index 10}
{:type :fail, :f :poll, :value [[:poll]], :poll-ms 1000, :time 20, :process 13, :index 11, :error :not-controller}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.edn"


def ops_in(path: Path, text: str) -> list[Op]:
    path.write_text(text, encoding="utf-8")
    return list(read(path))


def refusal(path: Path, text: str) -> str:
    """Return what the reader says to a text that it must refuse."""
    with pytest.raises(UsageError) as caught:
        ops_in(path, text)
    assert caught.value.remedy.startswith("expected ")
    return str(caught.value).removeprefix(str(path))


EXPECTED = [
    Op(0, 11, "nemesis", INFO, "start-partition", ["isolated", {"n1": ["n2"]}]),
    Op(1, 12, 3, INVOKE, "assign", ["5", "12"], {"seek-to-beginning?": True}),
    Op(2, 13, 3, OK, "assign", ["5", "12"], {"seek-to-beginning?": True}),
    Op(3, 14, 4, INVOKE, "txn", [["send", "5", 436], ["poll"], ["poll"]]),
    Op(
        4,
        15,
        4,
        OK,
        "txn",
        [["send", "5", [1114, 436]], ["poll", {}], ["poll", {"5": [[0, 1], [2, 3]], "12": []}]],
        {
            "rebalance-log": [
                {"type": "revoked", "keys": ["5", "4"]},
                {"type": "assigned", "keys": [], "node": "n1"},
            ]
        },
    ),
    Op(5, 16, 3, INVOKE, "send", [["send", "12", 7]]),
    Op(6, 17, 3, INFO, "send", [["send", "12", [None, 7]]], {"error": "network: Broken: pipe"}),
    Op(7, 18, 9, INVOKE, "crash", None),
    Op(8, 18, 9, INFO, "crash", None),
    Op(9, 19, 13, INVOKE, "debug-topic-partitions", [5, 12]),
    Op(10, 20, 13, INVOKE, "poll", [["poll"]], {"poll-ms": 1000}),
    Op(11, 20, 13, FAIL, "poll", [["poll"]], {"poll-ms": 1000, "error": "not-controller"}),
]


def test_a_history_of_jepsens_is_read_in_the_words_of_this_harness(path: Path) -> None:
    assert ops_in(path, JEPSEN) == EXPECTED


@pytest.mark.parametrize(
    "form",
    [
        JEPSEN.replace("\n{", "\n#jepsen.history.Op{"),
        "[" + JEPSEN + "]",
        "(" + JEPSEN.replace("\n{", "\n #jepsen.history.Op {") + ")\n",
        "; a {comment\n" + JEPSEN.replace(", ", " ,;}\n  ").replace("\n", "\r\n"),
        JEPSEN.strip().replace("\n", " "),
        JEPSEN.replace(":process 4", ":process #foo.Bar 4, #_ #_ :not :read"),
    ],
    ids=["records", "vector", "list", "comments", "one line", "tags"],
)
def test_the_same_in_another_form_is_the_same(path: Path, form: str) -> None:
    assert ops_in(path, form) == EXPECTED


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_valid_history_is_read_as_it_was_written(path: Path, seed: int, words: bool) -> None:
    ops = made(seed, words=words)
    assert list(read(written(path, [edn_of(op.as_json()) for op in ops]))) == ops


@pytest.mark.parametrize("text", ["", "\n ,\n", "; nothing", "[]", "()"])
def test_a_history_of_nothing_is_a_history(path: Path, text: str) -> None:
    assert ops_in(path, text) == []


def test_operations_that_have_no_index_at_all_are_counted(path: Path) -> None:
    without = JEPSEN.replace(":index", ":was-index")
    assert [op.index for op in ops_in(path, without)] == list(range(len(EXPECTED)))


@pytest.mark.parametrize(("missing", "said"), [(":index 5", "without an index"), (":index 0, ", "with an index")])
def test_an_index_that_only_some_operations_have_is_named(path: Path, missing: str, said: str) -> None:
    assert f"an operation {said}, not like those before" in refusal(path, JEPSEN.replace(missing, ""))


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (":timeout", "timeout"),
        ('"Broken"', "Broken"),
        ("[:disconnect nil]", '["disconnect", null]'),
        ("{:type :abort, :abort-ok? true}", '{"type": "abort", "abort-ok?": true}'),
    ],
)
def test_an_error_becomes_a_word(path: Path, error: str, name: str) -> None:
    text = f"{{:time 1, :process 1, :type :fail, :f :poll, :value [[:poll]], :error {error}}}"
    assert ops_in(path, text)[0].extra == {"error": name}


def test_nothing_assigned_is_an_empty_list(path: Path) -> None:
    assert ops_in(path, "{:time 1, :process 1, :type :ok, :f :assign, :value nil}")[0].value == []


def test_what_is_kept_and_not_judged_is_kept_in_the_types_of_json(path: Path) -> None:
    odd = r'[1.5 1/2 2.50M \a ##NaN sym #{3 1} ^{:a 1} [true] #inst "2024" #object[java.Foo 0x1f "}"] {[1] 2, nil 3}]'
    (op,) = ops_in(path, f"{{:time 1, :process 1, :type :info, :f :kill, :value {odd}}}")
    kept = [1.5, "1/2", "2.50", "a", "nan", "sym", [1, 3], [True], "2024", ["java.Foo", 31, "}"], {"[1]": 2, "null": 3}]
    assert op.value == kept


KILL = "{:time 1, :process :nemesis, :type :info, :f :kill, :value V}"

BROKEN = [
    ("{", ":1: this is not closed"),
    (KILL + "\n\n{:a\n{:b 1}\n", ":3: this is not closed"),
    (KILL + "\n}", ":2: got '}'"),
    (KILL + "\nword\n", ":2: got 'word'"),
    ("[" + KILL + "\n 7]", ":2: got '7'"),
    ("[" + KILL + "\n [7]]", ":2: got [7]"),
    ('{:a 1\n "unfinished}', ":2: got '\"'"),
    ("{:a 1} \\", ":1: no field 'time'"),
    (KILL + "\\", ":1: got '\\\\'"),
    ("[{:a 1]}", ":1: not EDN"),
    ("{:a}", ":1: not EDN"),
    (KILL.replace("V", "1/0"), ":1: not EDN"),
    (KILL.replace("V", '"\\N{no}"'), ":1: not EDN"),
    (KILL.replace("V", '"\\ud800"'), ":1: half a character"),
    (KILL.replace("V", "9" * 5000), ":1: not EDN"),
    (KILL.replace("V", "0x" + "f" * 9000), ":1: a whole number of more than 64 bits"),
    (KILL.replace("V", "[" * 5000 + "]" * 5000), ":1: this is nested too deep"),
    (KILL.replace("V", "#{" * 5000 + "}" * 5000), ":1: "),
    (KILL.replace("V", "{1 2 :1 3}"), ":1: two keys of one name"),
    (KILL.replace("V", "\x00"), ":1: not EDN"),
    (KILL.replace(":info", ":maybe"), ":1: "),
    (KILL.replace(":time 1,", ""), ":1: "),
    (KILL.replace(":kill", ":assign"), ":1: "),
]


@pytest.mark.parametrize(("text", "named"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_not_an_operation_is_named_with_its_line(path: Path, text: str, named: str) -> None:
    said = refusal(path, text)
    assert said.startswith(named)
    assert len(said) < 500


def test_what_does_not_follow_from_the_lines_before_is_named_with_its_line(path: Path) -> None:
    assert refusal(path, JEPSEN.replace(":time 17", ":time 3")).startswith(":9: time 3 after time 16")
    assert refusal(path, JEPSEN.replace("[1114 436]", "[1114 437]")).startswith(":6: a txn that ends with the sends")
    assert refusal(path, JEPSEN.replace(":process 13", ":process 9")).startswith(":13: process 9 goes on after index 8")


def test_bytes_that_are_no_text_are_named_with_their_line(path: Path) -> None:
    path.write_bytes(b"\n\n\xff")
    with pytest.raises(UsageError, match=r"history.edn:3: not UTF-8"):
        list(read(path))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        list(read(tmp_path / "gone.edn"))
