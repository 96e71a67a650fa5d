"""Rehearsing: the suites' clauses of clients and faults, on the in-memory Kafka and in virtual time."""
