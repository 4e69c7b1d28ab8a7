"""One batch, phase by phase: data, forward, loss, backward, update. No input or output, no threads."""
