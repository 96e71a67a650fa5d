"""The certificates of one testbed: an authority that lives as long as the testbed, and one certificate per identity."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed import layout
from testbed.layout import Node
from testbed.shell import run


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a certificate speaks for: the name is the user, the organisation is the group."""

    file: str
    common_name: str
    organisation: str = ""
    alternative_names: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return (f"/O={self.organisation}" if self.organisation else "") + f"/CN={self.common_name}"


def identities(nodes: Sequence[Node]) -> tuple[Identity, ...]:
    """Every identity of the testbed, with the names that Kubernetes expects of each."""
    api_names = (
        f"IP:{layout.CONTROL_PLANE_ADDRESS}",
        f"IP:{layout.API_SERVICE_ADDRESS}",
        "IP:127.0.0.1",
        "DNS:kubernetes",
        "DNS:kubernetes.default",
        "DNS:kubernetes.default.svc",
        "DNS:kubernetes.default.svc.cluster.local",
    )
    return (
        Identity(file="apiserver", common_name="kube-apiserver", alternative_names=api_names),
        Identity(file="kubelet-client", common_name="kube-apiserver-kubelet-client", organisation="system:masters"),
        Identity(file="aggregator", common_name="front-proxy-client"),
        Identity(file="admin", common_name="kubernetes-admin", organisation="system:masters"),
        Identity(file="controller-manager", common_name="system:kube-controller-manager"),
        Identity(file="scheduler", common_name="system:kube-scheduler"),
        Identity(file="proxy", common_name="system:kube-proxy"),
        Identity(file="coredns", common_name="system:coredns"),
        *(
            Identity(
                file=node.name,
                common_name=f"system:node:{node.name}",
                organisation="system:nodes",
                alternative_names=(f"DNS:{node.name}", f"IP:{node.address}"),
            )
            for node in nodes
        ),
    )


def issue(nodes: Sequence[Node], *, folder: Path = layout.CERTIFICATES_DIR) -> None:
    """Issue all certificates anew, and the key that signs service account tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    run(
        _openssl(
            folder / "ca",
            "/CN=greenfield-testbed",
            extensions=["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"],
        )
    )
    for identity in identities(nodes):
        names = [f"subjectAltName={','.join(identity.alternative_names)}"] if identity.alternative_names else []
        extensions = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=clientAuth,serverAuth", *names]
        run(
            [
                *_openssl(folder / identity.file, identity.subject, extensions=extensions),
                "-CA",
                str(folder / "ca.crt"),
                "-CAkey",
                str(folder / "ca.key"),
            ]
        )
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "service-accounts.key"])
    run(["openssl", "ec", "-in", folder / "service-accounts.key", "-pubout", "-out", folder / "service-accounts.pub"])


def _openssl(stem: Path, subject: str, *, extensions: Sequence[str]) -> list[str]:
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "3650",
        "-subj",
        subject,
        "-keyout",
        f"{stem}.key",
        "-out",
        f"{stem}.crt",
    ]
    for extension in extensions:
        words += ["-addext", extension]
    return words


def kubeconfig(identity: str, *, folder: Path = layout.CERTIFICATES_DIR) -> str:
    """A kubeconfig (as JSON, which is YAML) that carries its certificates in itself."""

    def data(name: str) -> str:
        return base64.b64encode((folder / name).read_bytes()).decode()

    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "greenfield-testbed",
            "clusters": [
                {
                    "name": "greenfield-testbed",
                    "cluster": {"server": layout.API_URL, "certificate-authority-data": data("ca.crt")},
                }
            ],
            "users": [
                {
                    "name": identity,
                    "user": {
                        "client-certificate-data": data(f"{identity}.crt"),
                        "client-key-data": data(f"{identity}.key"),
                    },
                }
            ],
            "contexts": [
                {"name": "greenfield-testbed", "context": {"cluster": "greenfield-testbed", "user": identity}}
            ],
        },
        indent=2,
    )


def write_kubeconfig(identity: str, path: Path) -> Path:
    """Write the kubeconfig of `identity`, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(kubeconfig(identity), encoding="utf-8")
    return path
