"""What the screen remembers of readings, so that a lens can show how they came to be: numpy, no Textual."""
