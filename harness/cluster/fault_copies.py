"""The copies of a run's fault journal in the namespace under test: whoever reaches the cluster can heal from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from harness.cluster.connection import ANSWER_TIMEOUT_S, Connection, metadata
from harness.cluster.safety import MANAGED_BY
from harness.fault_lines import FaultLine, line_of, unreadable

PREFIX = "harness-faults-"
FAULTS_LABEL = {"harness.greenfield/faults": "true"}


@dataclass(frozen=True)
class FaultCopies:
    """The ConfigMaps `harness-faults-<run>` of one namespace; each entry is one fault's line, by its number."""

    connection: Connection
    namespace: str

    def place(self) -> str:
        """Return the UID of the namespace."""
        found = self.connection.core.read_namespace(self.namespace, _request_timeout=ANSWER_TIMEOUT_S)
        return metadata(found).uid or ""

    def put(self, line: FaultLine) -> None:
        """Write a fault's line, in place of what was said of it before; returning means that it is stored."""
        name = f"{PREFIX}{line.run}"
        data = {f"{line.number:05}": line.as_text()}
        core = self.connection.core
        try:
            core.patch_namespaced_config_map(name, self.namespace, {"data": data}, _request_timeout=ANSWER_TIMEOUT_S)
        except ApiException as error:
            if error.status != 404:
                raise
            labels = {**MANAGED_BY, **FAULTS_LABEL}
            body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels=labels), data=data)
            core.create_namespaced_config_map(self.namespace, body, _request_timeout=ANSWER_TIMEOUT_S)

    def lines(self) -> tuple[FaultLine, ...]:
        """Return the lines of all runs; one that cannot be read is an open line that nobody can heal."""
        return tuple(line for found in self._maps() for line in self._lines_of(found))

    def forget_healed(self) -> None:
        """Delete the copies of runs all of whose faults have ended."""
        for found in self._maps():
            if not any(line.is_open for line in self._lines_of(found)):
                self.connection.core.delete_namespaced_config_map(metadata(found).name or "", self.namespace)

    def _maps(self) -> list[client.V1ConfigMap]:
        selector = ",".join(f"{name}={value}" for name, value in FAULTS_LABEL.items())
        listed = self.connection.core.list_namespaced_config_map(
            self.namespace, label_selector=selector, _request_timeout=ANSWER_TIMEOUT_S
        )
        return list(listed.items)

    def _lines_of(self, found: client.V1ConfigMap) -> Iterator[FaultLine]:
        run = (metadata(found).name or "").removeprefix(PREFIX)
        for number, text in sorted((found.data or {}).items()):
            try:
                yield line_of(text)
            except ValueError:
                yield unreadable(run, int(number) if number.isdigit() else 0, self.place(), text)
