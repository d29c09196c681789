"""Negotiation: messages, the protocols they keep to, the leases that come of them, and the rules of who gets what."""
