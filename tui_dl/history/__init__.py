"""Bounded series of measurements, used on both sides of the wire."""
