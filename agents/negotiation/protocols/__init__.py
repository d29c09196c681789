"""One protocol a file, with all its roles. They have no clock and no network: time and messages are handed to them."""
