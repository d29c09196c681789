"""How far uncertain inputs move a figure."""
