"""Calibration: measures the deviations of one chip and corrects them by trims alone.

It uses the `Chip` interface only, so that simulated chips and boards are handled alike.
"""
