"""A real multi-node Kubernetes on one Linux machine, for when there is no kubeconfig."""

from testbed.inspection import Status, status
from testbed.lifecycle import daemon, down, enter, renew_volumes, running, up
from testbed.locking import lock
from testbed.packages import install_missing, missing_packages
from testbed.state import Testbed

__all__ = [
    "Status",
    "Testbed",
    "daemon",
    "down",
    "enter",
    "install_missing",
    "lock",
    "missing_packages",
    "renew_volumes",
    "running",
    "status",
    "up",
]
