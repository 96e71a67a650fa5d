"""Judging: a history is indexed once, and every anomaly is looked for in its columns."""
