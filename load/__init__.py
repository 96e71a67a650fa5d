"""The traffic: user classes and locustfiles for Locust, which is launched as a process, never imported by tests."""
