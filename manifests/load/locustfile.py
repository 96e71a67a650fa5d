"""What the workers do: replace it with your own; they fetch it from the master."""

from load.users import KafkaEndToEnd


class Orders(KafkaEndToEnd):
    """Writes records and reads them: as many pairs of engines as there are workers at first."""

    fixed_count = 2
