"""Policies that learn: several seeds of one recipe, in a folder that survives whoever is killed."""
