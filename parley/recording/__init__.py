"""What is written down of a run as it goes, and what its figures come to."""
