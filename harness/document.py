"""The document: what the Greenfield Markdown page promises, read from the page itself and never typed in again.

The page is the specification. Sizes, addresses, code blocks, best practices and use cases are read from its
Markdown, each with its line, so that a clause certifies what the page says today and a finding can point at it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from harness.errors import UsageError
from harness.quantities import bytes_of, millicores_of

DEFAULT_PATH = Path(__file__).parent.parent / "spec" / "kafka.md"

_ADDRESS = re.compile(
    r"^(?:(?P<pod>[a-z0-9-]+-(?P<ordinal>\d+))\.)?(?P<service>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)"
    r"\.svc(?:\.[a-z0-9-]+)*:(?P<port>\d{1,5})$"
)
_RESOURCES = re.compile(r"^(?P<cpu>\S+)\s+CPU,\s*(?P<memory>\S+)\s+RAM$", re.IGNORECASE)
_PRACTICE = re.compile(r"^\*\*(?P<title>[^*]+)\*\*:\s*(?P<advice>.+)$", re.DOTALL)
_SIZING_COLUMNS = ("Component", "Replicas", "Resources", "Storage")


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """One row of the sizing table: how many replicas, and what each of them gets."""

    component: str
    replicas: int
    cpu_millicores: int
    memory_bytes: int
    storage_bytes: int
    line: int


@dataclass(frozen=True, kw_only=True)
class Address:
    """A documented name and port; `pod` and `ordinal` are None for the address of a whole service."""

    host: str
    port: int
    service: str
    namespace: str
    pod: str | None
    ordinal: int | None
    line: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def in_namespace(self, namespace: str) -> Address:
        """Return the same address for a cluster that was deployed into another namespace."""
        host = self.host.replace(f".{self.namespace}.svc", f".{namespace}.svc")
        return replace(self, host=host, namespace=namespace)


@dataclass(frozen=True, kw_only=True)
class CodeBlock:
    """A fenced block as written: the headings above it, its language, its text and the line of that text."""

    headings: tuple[str, ...]
    language: str
    text: str
    line: int

    @property
    def key(self) -> str:
        """The block's name: the headings above it without the page's title."""
        return " / ".join(self.headings[1:])


@dataclass(frozen=True, kw_only=True)
class Practice:
    """One numbered best practice."""

    title: str
    advice: str
    line: int


@dataclass(frozen=True, kw_only=True)
class UseCase:
    """One common use case and the code that shows it."""

    title: str
    block: CodeBlock


@dataclass(frozen=True, kw_only=True)
class Document:
    """Everything that the page promises and that a machine can check."""

    path: Path
    kafka: Sizing
    zookeeper: Sizing
    brokers: tuple[Address, ...]
    bootstrap: Address
    zookeepers: tuple[Address, ...]
    blocks: tuple[CodeBlock, ...]
    practices: tuple[Practice, ...]
    use_cases: tuple[UseCase, ...]

    @property
    def sizing(self) -> tuple[Sizing, Sizing]:
        """The rows of the sizing table, brokers first."""
        return self.kafka, self.zookeeper

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Every documented address: the brokers, their service, the ZooKeeper members."""
        return *self.brokers, self.bootstrap, *self.zookeepers

    @property
    def namespace(self) -> str:
        """The namespace that the documented addresses and commands name."""
        return self.bootstrap.namespace


def read(path: Path = DEFAULT_PATH) -> Document:
    """Read the page; a page that lacks something is refused with the line where it was expected."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: cannot read the document ({error})", remedy="name a Markdown file that can be read"
        ) from error
    return _Page(path, text).document()


@dataclass(frozen=True)
class _Node:
    """A token together with the headings above it."""

    token: Token
    index: int
    headings: tuple[str, ...]

    @property
    def line(self) -> int:
        return (self.token.map or [0])[0] + 1


class _Page:
    """The parsed page, asked for one kind of promise after the other."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._last_line = max(1, len(text.splitlines()))
        self._tokens = MarkdownIt("commonmark").enable("table").parse(text)
        self._nodes = tuple(_with_headings(self._tokens))

    def document(self) -> Document:
        kafka, zookeeper = self._sizing()
        blocks = self._blocks()
        addresses = tuple(_addresses(blocks))
        brokers = self._members(addresses, service="kafka", sizing=kafka)
        return Document(
            path=self._path,
            kafka=kafka,
            zookeeper=zookeeper,
            brokers=brokers,
            bootstrap=self._bootstrap(addresses, brokers),
            zookeepers=self._members(addresses, service="zookeeper", sizing=zookeeper),
            blocks=blocks,
            practices=self._practices(),
            use_cases=self._use_cases(blocks),
        )

    def _error(self, line: int, got: str, expected: str) -> UsageError:
        return UsageError(f"{self._path}:{line}: got {got}, expected {expected}", remedy="correct the document")

    def _section_line(self, title: str) -> int:
        """The line of a heading, or the last line when the whole section is missing."""
        lines = (node.line for node in self._nodes if node.token.type == "inline" and node.headings[-1:] == (title,))
        return next(lines, self._last_line)

    def _sizing(self) -> tuple[Sizing, Sizing]:
        rows = self._table(_SIZING_COLUMNS)
        sizes = [self._row(cells, line) for cells, line in rows]
        return self._component(sizes, "kafka"), self._component(sizes, "zookeeper")

    def _component(self, sizes: Sequence[Sizing], name: str) -> Sizing:
        found = [size for size in sizes if name in size.component.lower()]
        if len(found) != 1:
            line = sizes[0].line if sizes else self._last_line
            raise self._error(line, f"{len(found)} rows for {name!r} in the sizing table", "exactly one")
        return found[0]

    def _table(self, columns: Sequence[str]) -> list[tuple[list[str], int]]:
        for node in self._nodes:
            if node.token.type == "table_open":
                header, *rows = _rows(self._tokens[node.index :])
                if header[0] == list(columns):
                    return rows
        expected = f"a table with the columns {', '.join(columns)}"
        raise self._error(self._last_line, "no such table in the document", expected)

    def _row(self, cells: Sequence[str], line: int) -> Sizing:
        component, replicas, resources, storage = cells
        match = _RESOURCES.match(resources)
        if not match:
            raise self._error(line, f"resources {resources!r}", "such as '500m CPU, 1Gi RAM'")
        return Sizing(
            component=component.strip("*"),
            replicas=self._number(line, replicas, int, "a number of replicas such as '3'"),
            cpu_millicores=self._number(line, match["cpu"], millicores_of, "CPU such as '500m'"),
            memory_bytes=self._number(line, match["memory"], bytes_of, "memory such as '1Gi'"),
            storage_bytes=self._number(line, storage.removesuffix("each").strip(), bytes_of, "storage such as '10Gi'"),
            line=line,
        )

    def _number(self, line: int, text: str, parse: Callable[[str], int], expected: str) -> int:
        try:
            number = parse(text)
        except ValueError:
            number = 0
        if number <= 0:
            raise self._error(line, repr(text), expected)
        return number

    def _blocks(self) -> tuple[CodeBlock, ...]:
        fences = [node for node in self._nodes if node.token.type == "fence"]
        for node in fences:
            if not node.token.info.strip():
                raise self._error(node.line, "a code block without a language", "one such as ```bash")
        if not fences:
            raise self._error(self._last_line, "no code block in the document", "the documented commands and programs")
        return tuple(
            CodeBlock(
                headings=node.headings,
                language=node.token.info.split()[0].lower(),
                text=node.token.content,
                line=node.line + 1,
            )
            for node in fences
        )

    def _members(self, addresses: Sequence[Address], *, service: str, sizing: Sizing) -> tuple[Address, ...]:
        members = tuple(address for address in addresses if address.service == service and address.pod)
        expected = [f"{service}-{ordinal}" for ordinal in range(sizing.replicas)]
        if [member.pod for member in members] != expected:
            line = members[0].line if members else self._section_line("Connection Information")
            got = ", ".join(str(member.pod) for member in members) or "no address"
            raise self._error(line, f"{got} for {service!r}", f"the addresses of {', '.join(expected)}")
        return members

    def _bootstrap(self, addresses: Sequence[Address], brokers: Sequence[Address]) -> Address:
        found = [address for address in addresses if address.service == "kafka" and not address.pod]
        if len(found) != 1:
            got = f"{len(found)} addresses of the 'kafka' service"
            raise self._error(brokers[-1].line, got, "one, such as kafka.greenfield.svc.cluster.local:9092")
        return found[0]

    def _practices(self) -> tuple[Practice, ...]:
        practices = tuple(
            self._practice(node)
            for node in self._nodes
            if node.token.type == "inline" and node.headings[-1:] == ("Best Practices",) and node.token.level >= 3
        )
        if not practices:
            line = self._section_line("Best Practices")
            raise self._error(line, "no best practices", "a section 'Best Practices' with a numbered list")
        return practices

    def _practice(self, node: _Node) -> Practice:
        match = _PRACTICE.match(node.token.content)
        if not match:
            raise self._error(node.line, repr(node.token.content), "a best practice such as '**Title**: advice'")
        return Practice(title=match["title"].strip(), advice=" ".join(match["advice"].split()), line=node.line)

    def _use_cases(self, blocks: Sequence[CodeBlock]) -> tuple[UseCase, ...]:
        cases = tuple(
            UseCase(title=block.headings[-1], block=block)
            for block in blocks
            if "Common Use Cases" in block.headings[1:-1]
        )
        if not cases:
            line = self._section_line("Common Use Cases")
            raise self._error(line, "no use cases", "a section 'Common Use Cases' with a code block under each heading")
        return cases


def _with_headings(tokens: Sequence[Token]) -> Iterator[_Node]:
    headings: dict[int, str] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            depth = int(token.tag.removeprefix("h"))
            headings = {above: title for above, title in headings.items() if above < depth}
            headings[depth] = tokens[index + 1].content
        yield _Node(token, index, tuple(headings.values()))


def _rows(tokens: Sequence[Token]) -> list[tuple[list[str], int]]:
    """The cells of each row of the table that starts the tokens, header first, with the row's line."""
    rows: list[tuple[list[str], int]] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append(([], (token.map or [0])[0] + 1))
        elif token.type == "inline":
            rows[-1][0].append(token.content.strip())
    return rows


def _addresses(blocks: Sequence[CodeBlock]) -> Iterator[Address]:
    for block in blocks:
        if block.language != "bash":
            continue
        for offset, text in enumerate(block.text.splitlines()):
            if match := _ADDRESS.match(text.strip()):
                yield _address(match, block.line + offset)


def _address(match: re.Match[str], line: int) -> Address:
    host, _, port = match[0].rpartition(":")
    return Address(
        host=host,
        port=int(port),
        service=match["service"],
        namespace=match["namespace"],
        pod=match["pod"],
        ordinal=int(match["ordinal"]) if match["ordinal"] else None,
        line=line,
    )
