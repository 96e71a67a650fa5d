"""Measurements of the documented cluster itself: how soon it is in sync, and what clients feel when it is hurt."""
