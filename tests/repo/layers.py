"""The layers of the harness and the rooms of the libraries: docs/adr and the design, as data."""

from __future__ import annotations

from tests.repo.tracked import is_within

LAYERS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "words",
        frozenset(
            {
                "harness",
                "harness.budget",
                "harness.charts",
                "harness.claims",
                "harness.errors",
                "harness.evidence",
                "harness.group_bounds",
                "harness.ops",
                "harness.quantities",
                "harness.retention_bounds",
                "harness.runclock",
                "harness.services",
                "harness.verdict",
                "harness.waiting",
            }
        ),
    ),
    (
        "pure",
        frozenset(
            {
                "harness.blocks",
                "harness.certificate",
                "harness.certificate_reader",
                "harness.checkers",
                "harness.coverage",
                "harness.document",
                "harness.fault_lines",
                "harness.guards",
                "harness.histories",
                "harness.judging",
                "harness.probelog",
                "harness.protocols",
                "harness.measuring",
                "harness.omb",
                "harness.profiles",
                "harness.rules",
                "harness.schedule",
                "harness.shaping",
                "harness.sizing",
            }
        ),
    ),
    (
        "adapters",
        frozenset(
            {
                "harness.clients",
                "harness.cluster",
                "harness.journal",
                "harness.nodejs",
                "harness.progress",
                "harness.python_session",
                "harness.catalogue",
                "harness.rehearsal",
                "harness.report",
                "harness.running",
                "harness.severing_proxy",
            }
        ),
    ),
    ("use cases", frozenset({"every other module of the harness"})),
    (
        "wiring",
        frozenset(
            {
                "harness.__main__",
                "harness.chaos_commands",
                "harness.cli",
                "harness.exits",
                "harness.fixtures",
                "harness.inner",
                "harness.inner_heal",
                "harness.live",
                "harness.load_commands",
                "harness.plugin",
                "harness.run_options",
            }
        ),
    ),
)
"""From the lowest to the highest; a module imports from its own layer and from lower ones."""

USE_CASES = 3


def layer_of(module: str) -> int:
    """Return the number of a module's layer; a module that no layer names is a use case."""
    for number, (_, members) in enumerate(LAYERS):
        if module in members or is_within(module, *(members - {"harness"})):
            return number
    return USE_CASES


ROOMS: dict[str, tuple[str, ...]] = {
    # Clauses may use what users of the cluster use; inside the harness each library has one room.
    "confluent_kafka": ("harness.clients", "load", "suites"),
    # Probes speak the protocol itself, because clients hide the errors that they get over.
    # The main library cannot ask for a reassignment.
    "kafka": ("harness.clients.probing", "harness.clients.reassigning", "suites"),
    "kubernetes": ("harness.cluster",),
    "testinfra": ("harness.cluster", "suites"),
    "locust": ("load",),
    "gevent": ("load",),
    "hdrh": ("harness.measuring",),
    "jinja2": ("harness.report",),
    "markdown_it": ("harness.document",),
    "click": (
        "bench",
        "harness.chaos_commands",
        "harness.cli",
        "harness.exits",
        "harness.load_commands",
        "harness.run_options",
    ),
    "rich": (
        "bench",
        "harness.chaos_lines",
        "harness.chaos_run",
        "harness.live",
        "harness.load_lines",
        "harness.loading",
        "harness.peers",
        "harness.plugin",
        "harness.progress",
        "harness.summary",
    ),
    "ruamel": ("harness.cluster", "harness.profiles", "harness.rules", "harness.sizing"),
    # The columns of a history are numpy's, so whoever reads one uses it.
    "numpy": ("bench", "harness", "suites"),
    # Histories are columns, and the series of a load are exported as some.
    "pyarrow": ("harness.histories", "harness.load_exports"),
    "rustworkx": ("harness.judging",),
    # Quantiles of Student's t for any confidence, to tell two loads apart.
    "scipy": ("harness.measuring",),
    "edn_format": ("harness.histories",),
    "ply": ("harness.histories",),
    "orjson": ("harness.histories",),
    # What makes up schedules of faults, and never one twice.
    "hypothesis": ("harness.searching",),
    "jsonschema": (),
}
"""Where each third-party library may be imported; the tests may import all of them."""

NEVER_IN_PURE = (
    "confluent_kafka",
    "http",
    "kafka",
    "kubernetes",
    "locust",
    "requests",
    "socket",
    "subprocess",
    "testinfra",
    "urllib3",
)
"""What reaches outside the process: whoever only judges, plans or counts has no use for it."""
