"""Tasks: the starts, goals, success criteria and experts of each job of a controller."""
