"""Policies that serve a cluster: what a Prometheus knows goes in, pods go out to KEDA, with a reason for each."""
