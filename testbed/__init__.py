"""A real multi-node Kubernetes on one Linux machine, for when there is no kubeconfig."""

from testbed.lifecycle import down, enter, renew_volumes, running, up
from testbed.lock import lock
from testbed.packages import install_missing, missing_packages
from testbed.state import Testbed

__all__ = ["Testbed", "down", "enter", "install_missing", "lock", "missing_packages", "renew_volumes", "running", "up"]
