"""Capacity: members that bid for pods, auctioneers that divide them, and the rules that know no bids."""
