"""From state to safe action: signals, laws, the controller file, and the guard."""
