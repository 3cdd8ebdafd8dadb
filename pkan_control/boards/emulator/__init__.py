"""An emulated board with a simulated chip, and a fault proxy for any board."""
