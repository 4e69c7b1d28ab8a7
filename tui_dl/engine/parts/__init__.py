"""What a trainer is made of, built from an experiment or brought by the user."""
