"""Robots as parameters and geometry, without physics."""
