"""Simulations as array-API functions: many robots at once, in NumPy or torch."""
