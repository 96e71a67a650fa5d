"""Valid histories, broken at random: each is read and judged, or refused with the line where it is broken."""

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.made import edn_of, lines_of, made
from harness.errors import UsageError
from harness.histories import edn, jsonl
from harness.histories.building import history_of
from harness.judging.judge import judge, judgement
from harness.ops import Op

TIMES = 100_000
STEPS = 15

Random = random.Random

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|:[a-z-]+|-?\d+|true|false|null|nil|[\[\](){}]')
_ODD = (
    *(b"null", b"nil", b"true", b"false", b"NaN", b"##Inf", b"-1", b"0", b"7", b"1.5", b"1e999", b"-0"),
    *(b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"9" * 5000, b"0x" + b"f" * 5000),
    *(b'""', b'"invoke"', b'"ok"', b'"info"', b'"send"', b'"poll"', b'"txn"', b'"commit"', b'"observe"', b'"crash"'),
    *(b'"nemesis"', b'"orders-0"', b'"\\ud800"', b'"\\u0000"', b'"\xc3\xbc"', b'"\xff"', b'"', b"\\", b":poll", b":x"),
    *(
        b"[]",
        b"{}",
        b"()",
        b"#{}",
        b"[[]]",
        b"[0]",
        b'{"a":1,"a":2}',
        b"[" * 2000,
        b"[" * 2000 + b"]" * 2000,
        b"",
        b",",
    ),
)


def cut(data: bytes, random: Random) -> bytes:
    """End the file somewhere."""
    return data[: random.randrange(len(data))]


def flip(data: bytes, random: Random) -> bytes:
    """Change a bit."""
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << random.randrange(8)]) + data[place + 1 :]


def lose(data: bytes, random: Random) -> bytes:
    """Lose some bytes."""
    place = random.randrange(len(data))
    return data[:place] + data[place + random.randint(1, 40) :]


def replace(data: bytes, random: Random) -> bytes:
    """Put something odd in the place of a number, a word or a bracket."""
    token = random.choice(list(_TOKEN.finditer(data)))
    return data[: token.start()] + random.choice(_ODD) + data[token.end() :]


def transplant(data: bytes, random: Random) -> bytes:
    """Put one number, word or bracket in the place of another."""
    token, other = random.choices(list(_TOKEN.finditer(data)), k=2)
    return data[: token.start()] + other[0] + data[token.end() :]


def drop(data: bytes, random: Random) -> bytes:
    """Lose a line."""
    lines = data.splitlines(keepends=True)
    del lines[random.randrange(len(lines))]
    return b"".join(lines)


def repeat(data: bytes, random: Random) -> bytes:
    """Have a line twice, the second time anywhere."""
    lines = data.splitlines(keepends=True)
    lines.insert(random.randrange(len(lines) + 1), random.choice(lines))
    return b"".join(lines)


def swap(data: bytes, random: Random) -> bytes:
    """Exchange two lines."""
    lines = data.splitlines(keepends=True)
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


_INDEX = re.compile(rb'("?:?\bindex"?:? ?)(\d{1,18})')
_TIME = re.compile(rb'("?:?\btime"?:? ?)(\d{1,18})')


def restamped(data: bytes) -> bytes:
    """Count the lines anew and sort their times: the reader looks further and lets more of them pass."""
    numbers, times = count(), iter(sorted(int(found[2]) for found in _TIME.finditer(data)))
    data = _INDEX.sub(lambda found: found[1] + b"%d" % next(numbers), data)
    return _TIME.sub(lambda found: found[1] + b"%d" % next(times), data)


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (cut, flip, lose, replace, transplant, drop, repeat, swap)


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form of a history: how it is written and read, and of how many mutations one is in this form."""

    name: str
    text: Callable[[list[Op]], str]
    read: Callable[[Path], Iterator[Op]]
    one_in: int


FORMS = (
    Form(name="JSON Lines", text=lambda ops: "\n".join(lines_of(ops)) + "\n", read=jsonl.read, one_in=1),
    Form(name="EDN", text=lambda ops: "\n".join(edn_of(op.as_json()) for op in ops) + "\n", read=edn.read, one_in=20),
)


def mutated(form: Form, seed: int) -> tuple[str, bytes]:
    """Return what was done to a valid history, once or several times, and what is left of it."""
    random = Random(seed)
    data = form.text(made(seed % 1000, steps=STEPS, words=seed % 2 == 1)).encode()
    mutation = random.choice(MUTATIONS)
    for _ in range(random.choice((1, 1, 2, 3))):
        data = mutation(data, random) if data else data
    return mutation.__name__, restamped(data) if random.random() < 0.5 else data


def outcome(form: Form, path: Path) -> str:
    """Read and judge a history: the verdict, `refused` with a place, or what went wrong."""
    try:
        ops = list(form.read(path))
        judged = judge(history_of(ops))
        verdict = judgement(judged).verdict.value
    except UsageError as error:
        located = re.match(rf"{re.escape(str(path))}:\d+: .", error.problem) and error.remedy.startswith("expected ")
        return "refused" if located else f"WRONG: refused without a place: {error}"
    except Exception as error:  # that nothing else can happen is what is to be shown
        return f"WRONG: {type(error).__name__}: {error}"[:200]
    crashed = [anomaly.name for anomaly in judged.anomalies if "crashed" in anomaly.unknown]
    return f"WRONG: the checkers {crashed} crashed" if crashed else verdict


def outcomes(form: Form, seeds: range, folder: Path) -> Iterator[tuple[int, str, str]]:
    """Give seed, mutation and outcome of each broken history."""
    path = folder / "history"
    for seed in seeds:
        mutation, data = mutated(form, seed)
        path.write_bytes(data)
        yield seed, mutation, outcome(form, path)


def run(times: int = TIMES) -> int:
    """Break so many histories, print what became of them, and return how many were neither judged nor refused."""
    table = Table("form", "mutation", "outcome", "times", "first seed", title=f"{times} broken histories")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMS:
            seeds: dict[tuple[str, str], list[int]] = defaultdict(list)
            for seed, mutation, end in outcomes(form, range(times // form.one_in), Path(folder)):
                seeds[mutation, end].append(seed)
                wrong += end.startswith("WRONG")
            for (mutation, end), found in sorted(seeds.items()):
                table.add_row(form.name, mutation, end, str(len(found)), str(found[0]))
    Console(width=140).print(table)
    return wrong


if __name__ == "__main__":
    sys.exit(run(*(int(times) for times in sys.argv[1:])) > 0)
