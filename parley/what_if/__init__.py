"""The same world until an instant, and something else from there on."""
