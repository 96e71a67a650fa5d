"""Probing: a process that asks brokers for each service at a fixed rate, one request for one probe, nothing retried.

The clients of users hide errors: they try again by themselves. Probes must see them, so they speak the protocol itself.
"""
