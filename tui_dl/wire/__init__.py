"""The vocabulary that the engine process and its clients share."""
