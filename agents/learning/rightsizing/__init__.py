"""Rightsizing: a row for each service whose pods a VPA sizes, which says by how much more or less than the VPA recommends."""
