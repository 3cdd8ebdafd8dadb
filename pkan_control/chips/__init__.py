"""What holds a program and evaluates it."""
