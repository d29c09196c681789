"""Every combination of values: axes, grids, cells, and who computes them."""
