"""Tries along a chain: who may send how much, and who drops what first."""
