"""Hosts of one route as rows: how much each is to be called (balancing), and which of a late registry at all (discovery)."""
