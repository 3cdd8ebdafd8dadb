"""The physics that tasks run in."""
