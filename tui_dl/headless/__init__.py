"""A run without a screen: progress, JSON lines, checks and exit codes."""
