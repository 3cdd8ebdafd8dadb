"""What is asked of a board, by subject."""
