"""One run, or the same under several seeds: made, read, made again, and set beside another."""
