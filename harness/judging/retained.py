"""What retention has deleted, so that its absence is not held against the cluster."""

from __future__ import annotations

import numpy as np

from harness.histories.history import NONE, Flags, Longs
from harness.judging.config import Config
from harness.judging.versions import Versions


def log_start(versions: Versions) -> Longs:
    """By key: the highest start of the log that anybody was told."""
    history = versions.history
    start = np.zeros(len(history.keys), dtype=np.int64)
    for watermarks in history.watermarks:
        start[watermarks.key] = max(start[watermarks.key], watermarks.low)
    for covered in history.covered:
        start[covered.key] = max(start[covered.key], covered.low)
    return start


def deleted_by_retention(versions: Versions, config: Config) -> Flags:
    """By send: whether retention is on and its offset is before the start of the log."""
    history = versions.history
    sends = history.sends
    if config.retention is None:
        return np.zeros(len(sends), dtype=np.bool_)
    expires = np.array([config.retention.holds_for(key) for key in history.keys], dtype=np.bool_)
    deleted: Flags = expires[sends.key] & (sends.offset != NONE) & (sends.offset < log_start(versions)[sends.key])
    return deleted
