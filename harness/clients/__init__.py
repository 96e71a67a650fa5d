"""Clients of the cluster under test: everything that speaks Kafka does it through confluent-kafka, here."""
