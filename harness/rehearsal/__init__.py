"""The rehearsal: an in-memory Kafka, deterministic from a seed, with bugs that are planted by name."""
