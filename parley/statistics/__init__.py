"""Means and their intervals: of replications, of batches of one run, and while one goes on looking."""
