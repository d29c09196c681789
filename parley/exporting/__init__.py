"""Policies leave: as signed bundles, as graphs, as trees, and as whatever else a target makes of one."""
