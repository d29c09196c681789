"""Autoscalers: pure functions from an observation of pods to a replica count, one autoscaler a module."""
