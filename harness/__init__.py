"""The engine: it deploys, asks, breaks, records and judges a Kafka cluster on Kubernetes."""

__version__ = "0.1.0"
