"""Two alternatives under the same seeds."""
