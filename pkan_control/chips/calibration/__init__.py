"""Measures what is particular about one chip, and corrects it by trims alone.

Everything goes through the `Chip` interface, so that simulated chips and boards are alike.
"""
