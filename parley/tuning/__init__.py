"""The values that make a figure small or large."""
