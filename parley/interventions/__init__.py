"""What is done to a world while it runs: actions, the levers they move, and when."""
