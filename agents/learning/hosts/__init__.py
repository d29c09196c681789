"""Hosts of one route as rows: how much each is to be called (balancing), and which of a stale registry are to be called at all (discovery)."""
