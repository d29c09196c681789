"""Minds that scale: each seats one rule in an agent's chair, with its memory, and shows it what a real one could scrape."""
