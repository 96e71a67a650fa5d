"""The engine of a load: producers and consumers, each a process of its own, that measure themselves every second.

Processes, because the client's `produce` holds the interpreter's lock; started, not forked, because a client does
not survive a fork; beside Locust, because a client's callbacks and Locust's greenlets must never meet.
"""
