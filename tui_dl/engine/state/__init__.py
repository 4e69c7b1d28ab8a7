"""All that a run can be continued from: checkpoints, undo points, restarts, resuming."""
