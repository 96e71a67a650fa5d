"""A locustfile as its users write them, but for the engines and the keeper of the topic, which need no cluster."""

from __future__ import annotations

from load import fleet, link, outcome, topic
from load.users import KafkaEndToEnd

fleet.PRODUCE = fleet.CONSUME = "tests.load.pacing_engine"
topic.KEEP = "tests.load.fake_keeper"
link.LEAD_S = 1.5
outcome.LATEST_MS = 1000  # a busy machine is not what is tested


class Orders(KafkaEndToEnd):
    """Two pairs of a producer and a consumer."""

    fixed_count = 2
