"""Faults, one family a file: each is planned, injected, proven, healed, and proven healed."""
