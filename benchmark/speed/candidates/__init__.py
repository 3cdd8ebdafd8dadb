"""What is timed: one subject to a file; each function returns a `Work`."""
