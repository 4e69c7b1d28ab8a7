"""Plots for a terminal: raster, glyphs and the widgets that show them."""
