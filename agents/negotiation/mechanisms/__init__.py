"""Mechanisms: pure functions that say who gets what and who pays; one rule a module, no messages and no time (PROTOCOLS.md)."""
