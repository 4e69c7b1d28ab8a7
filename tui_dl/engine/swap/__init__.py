"""Changes mid-run: planned without touching anything, made whole or not at all."""
