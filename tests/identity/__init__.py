"""The two engines give one trace."""
