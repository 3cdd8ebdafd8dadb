"""What networks learn from examples: data, split, loss and score of each regression problem."""
