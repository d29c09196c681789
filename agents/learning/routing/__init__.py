"""Routing: a row for each zone that calls and each that may serve it, which says how much of the calls go there."""
