"""A board that is not there."""
