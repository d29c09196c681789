"""Alerts: rules that watch and tell, and change nothing."""
