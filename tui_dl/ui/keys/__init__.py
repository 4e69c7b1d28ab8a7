"""The keys of the run screen, a file a group; `table` joins them."""
