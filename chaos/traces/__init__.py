"""Traces: what faults would leave behind, one family a file, each found by the audit because it is here."""
