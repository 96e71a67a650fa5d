"""The families of faults as schedules name them: one file for each group, found because it is there."""
