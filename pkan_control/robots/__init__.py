"""Parameters and geometry of robots; their physics is in the worlds."""
