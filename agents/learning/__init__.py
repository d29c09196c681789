"""Minds that learn: what they see, what they may do, how they are guarded and paid, and the environments they learn in."""
