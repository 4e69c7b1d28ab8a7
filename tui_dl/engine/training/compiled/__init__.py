"""The whole step as one compiled function: forward, loss, backward and update together."""
