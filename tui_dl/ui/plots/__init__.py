"""Plots in terminal cells: numpy rasters, glyphs and the Textual widgets that show them."""
