"""Instruments that look inside a training step, one file each."""
