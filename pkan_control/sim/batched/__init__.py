"""Worlds on array-API functions: many robots at once."""
