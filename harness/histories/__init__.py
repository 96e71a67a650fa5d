"""Histories: what clients saw, as files and in columns."""
