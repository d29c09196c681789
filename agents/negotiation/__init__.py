"""Agents that bargain: messages, protocols, mechanisms, leases, and the parties that use them (agents/PROTOCOLS.md)."""
