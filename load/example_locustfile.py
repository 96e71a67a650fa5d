"""An example: 500 records per second for ten seconds, then 1000, written and read."""

from load.users import KafkaEndToEnd, TargetRate


class Orders(KafkaEndToEnd):
    """Writes records and reads them."""


class Stairs(TargetRate):
    """Sets the rate of all users together."""

    def target_hz(self, run_s: float) -> float | None:
        return 500 if run_s < 10 else 1000
