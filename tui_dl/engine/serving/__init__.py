"""The engine's door: one socket, its clients, and what is recorded of the run on disk."""
