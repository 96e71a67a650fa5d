"""Checkers: pure functions from a history to a judgement, one anomaly family per module."""
