"""Panels that a screen is composed of."""
