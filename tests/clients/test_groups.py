"""Groups, against the mock brokers that librdkafka brings: offsets that were committed make the lag that is told."""

from __future__ import annotations

from harness.clients.admin import Admin
from harness.clients.groups import Groups
from harness.clients.sending import Outgoing, send
from tests.clients.fakes import TOPIC


def test_lag_is_the_end_less_what_was_committed(bootstrap: str) -> None:
    groups = Groups(Admin(bootstrap))
    send(bootstrap, TOPIC, [Outgoing(value=b"x", partition=n % 2) for n in range(10)])
    assert groups.ends(TOPIC) == {0: 5, 1: 5, 2: 0, 3: 0}
    groups.commit("a-group", TOPIC, {0: 2, 1: 5})
    assert groups.lag("a-group", TOPIC) == {0: 3, 1: 0, 2: 0, 3: 0}
    groups.commit_end("a-group", TOPIC)
    assert groups.lag("a-group", TOPIC) == {0: 0, 1: 0, 2: 0, 3: 0}
