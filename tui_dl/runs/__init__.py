"""A run on disk: its folder, its database, and the list of all runs."""
