"""Bidding: a row for each party that bids for capacity, which says how much more or less than the truth it bids."""
