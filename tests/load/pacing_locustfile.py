"""A locustfile as its users write them, but for the engines and the keeper of the topic, which need no cluster."""

from __future__ import annotations

from load import fleet, topic
from load.users import KafkaEndToEnd

fleet.PRODUCE = fleet.CONSUME = "tests.load.pacing_engine"
topic.KEEP = "tests.load.fake_keeper"


class Orders(KafkaEndToEnd):
    """Two pairs of a producer and a consumer."""

    fixed_count = 2
