"""Coordinators of transactions: which broker it is for which client, computed as brokers compute it."""

from __future__ import annotations

from harness.clients.company import Transactions
from harness.protocols import Admin
from harness.verdict import Inconclusive
from harness.victims import STATE_TOPIC, transaction_coordinator
from harness.waiting import wait_until

NAMES = 100
IN_SYNC_S = 30.0


def require_coordinators(admin: Admin) -> None:
    """Let brokers create the topic in which they keep transactions, and wait until it is in sync."""
    admin.warm_up_transactions()
    wait_until(lambda: not admin.out_of_sync(), what=f"{STATE_TOPIC} being in sync", timeout_s=IN_SYNC_S)


def coordinated_by_one(admin: Admin, prefix: str) -> tuple[str, int]:
    """Find a name for which one broker coordinates the first transformer's transactions and its group, and the broker.

    It is not the controller: one role is lost at a time.
    """
    require_coordinators(admin)
    controller = admin.controller()
    for number in range(NAMES):
        company = Transactions(name=f"{prefix}-{number}", target="any")
        broker = transaction_coordinator(admin, company.transformer_ids[0])
        if broker not in (None, controller) and broker == admin.group_coordinator(company.transforming_group):
            return company.name, broker
    raise Inconclusive(f"no broker but the controller ({controller}) coordinates transactions and groups")


def coordinated_by_another(admin: Admin, prefix: str) -> tuple[str, int]:
    """Find a name for which a broker that is not the controller coordinates the first writer's transactions."""
    require_coordinators(admin)
    controller = admin.controller()
    for number in range(NAMES):
        company = Transactions(name=f"{prefix}-{number}")
        broker = transaction_coordinator(admin, company.writer_ids[0])
        if broker not in (None, controller):
            return company.name, broker
    raise Inconclusive(f"no broker but the controller ({controller}) coordinates transactions")
