"""The anomalies of a history: one family per module, each with `search`; a new one is one new file."""
