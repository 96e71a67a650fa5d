"""The cluster under test: the kubernetes client acts on it, testinfra looks inside its containers."""
