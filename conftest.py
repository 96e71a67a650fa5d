"""The door: it names the plugin, nothing else."""

pytest_plugins = ["harness.plugin"]
