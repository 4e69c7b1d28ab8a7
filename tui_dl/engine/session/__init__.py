"""One run as a person steers it: run, pause, step, pace, and commands at batch boundaries."""
