"""The training process: trainer, session, changes, snapshots and server."""
