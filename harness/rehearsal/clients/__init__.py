"""The clients of a rehearsal: logical processes that ask the cluster and record what they were told."""
