"""Connecting: what can be wrong with a kubeconfig or an API server is one sentence with its remedy, and soon."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.cluster import connection
from harness.cluster.connection import Target, connect, find_kubectl, require_vantage
from harness.errors import ExitCode, HarnessError, MachineError, UsageError

VERSION = {"major": "1", "minor": "32", "gitVersion": "v1.32.1"} | dict.fromkeys(
    ("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"), ""
)
KUBE_SYSTEM = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "uid": "1234-5678"}}
A_CLUSTER: Mapping[str, object] = {"/version/": VERSION, "/api/v1/namespaces/kube-system": KUBE_SYSTEM}


@contextmanager
def api_server(answers: Mapping[str, object], *, status: int = 200) -> Iterator[str]:
    """Serve these answers on this machine, by path; it is no Kubernetes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path)
            self.send_response(status if found is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def target(tmp_path: Path, server: str, *, context: str | None = None, contexts: tuple[str, ...] = ("here",)) -> Target:
    """Name a context of a kubeconfig in which all contexts are of one server."""
    path = tmp_path / "kubeconfig"
    plain = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": contexts[0],
        "clusters": [{"name": "one", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": {"token": "none"}}],
        "contexts": [{"name": name, "context": {"cluster": "one", "user": "me"}} for name in contexts],
    }
    path.write_text(json.dumps(plain), encoding="utf-8")
    return Target(kubeconfig=path, context=context, kubectl=Path("kubectl"), is_testbed=False)


def test_a_cluster_is_known_by_the_uid_of_kube_system(tmp_path: Path) -> None:
    with api_server(A_CLUSTER) as server:
        found = connect(target(tmp_path, server))
    assert (found.identity, found.version, found.context) == ("1234-5678", "v1.32.1", "here")


def test_the_context_that_was_named_is_used_and_not_the_current_one(tmp_path: Path) -> None:
    with api_server(A_CLUSTER) as server:
        assert connect(target(tmp_path, server, context="there", contexts=("here", "there"))).context == "there"


def test_the_commands_of_the_document_talk_to_the_same_cluster(tmp_path: Path) -> None:
    with api_server(A_CLUSTER) as server:
        environment = connect(target(tmp_path, server)).environment()
    assert environment["KUBECONFIG"] == str(tmp_path / "kubeconfig")


def refused(named: Target) -> HarnessError:
    """Return the error of a connection that cannot be made; it must come within 15 s."""
    began_s = time.monotonic()
    with pytest.raises(HarnessError) as error:
        connect(named)
    assert time.monotonic() - began_s < 15
    assert "\n" not in str(error.value)
    return error.value


def test_no_kubeconfig(tmp_path: Path) -> None:
    named = Target(kubeconfig=tmp_path / "none", context=None, kubectl=Path("kubectl"), is_testbed=False)
    error = refused(named)
    assert str(error).startswith(f"there is no kubeconfig at {tmp_path}/none: ")
    assert error.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "words", "a: [", "\x00", "current-context: x\ncontexts: []\n", "contexts:\n- {name: a}\n"],
    ids=repr,
)
def test_a_kubeconfig_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "kubeconfig").write_text(text, encoding="utf-8")
    named = Target(kubeconfig=tmp_path / "kubeconfig", context=None, kubectl=Path("kubectl"), is_testbed=False)
    assert isinstance(refused(named), UsageError)


def test_a_kubeconfig_whose_certificate_is_gone(tmp_path: Path) -> None:
    named = target(tmp_path, "https://127.0.0.1:1")
    text = named.kubeconfig.read_text(encoding="utf-8").replace('"token": "none"', '"client-certificate": "/gone.crt"')
    named.kubeconfig.write_text(text, encoding="utf-8")
    assert "is not a usable kubeconfig" in str(refused(named))


def test_a_context_that_does_not_exist_is_answered_with_those_that_do(tmp_path: Path) -> None:
    error = refused(target(tmp_path, "https://127.0.0.1:1", context="prod", contexts=("staging", "here")))
    assert str(error) == f"{tmp_path}/kubeconfig has no context 'prod': choose one of: here, staging"
    assert error.exit_code is ExitCode.USAGE


def test_an_api_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as closed:  # bound and not listening: nobody else can take the port, and nobody answers
        closed.bind(("127.0.0.1", 0))
        error = refused(target(tmp_path, f"https://127.0.0.1:{closed.getsockname()[1]}"))
    assert isinstance(error, MachineError)
    assert "does not answer (" in str(error)
    assert "refused" in str(error)
    assert error.remedy == "check that the cluster of context 'here' runs and is reachable from here"


def test_an_api_server_that_accepts_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = refused(target(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}"))
    assert "does not answer" in str(error)


def test_an_api_server_is_given_ten_seconds_at_most() -> None:
    assert connection.ANSWER_TIMEOUT_S <= 10


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_are_refused(tmp_path: Path, status: int) -> None:
    with api_server(A_CLUSTER, status=status) as server:
        error = refused(target(tmp_path, server))
    assert f"refused with {status}" in str(error)
    assert error.remedy == "check the credentials of context 'here'"


def test_a_server_that_is_no_kubernetes(tmp_path: Path) -> None:
    with api_server({"/version/": {"hello": "world"}}) as server:
        assert isinstance(refused(target(tmp_path, server)), MachineError)


def test_kubectl_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MachineError, match="kubectl is not on PATH: install kubectl, or leave --kubeconfig out"):
        find_kubectl()


def test_a_place_from_which_the_clusters_names_do_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    def unresolved(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unresolved)
    with pytest.raises(MachineError, match="so the brokers' advertised names cannot either"):
        require_vantage()


def test_a_place_from_which_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as here:
        monkeypatch.setattr(socket, "create_connection", lambda *_, **__: socket.socket())
        assert here.fileno() > 0
        require_vantage()
