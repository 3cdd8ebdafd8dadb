"""Training of controllers; the only room that imports torch."""
