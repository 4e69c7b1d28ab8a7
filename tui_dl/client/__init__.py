"""A connection to an engine over a pair of byte streams."""
