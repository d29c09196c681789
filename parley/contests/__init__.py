"""Mechanisms in the same chairs: what a contest's file says, its sweeps, who stands where, and its page."""
