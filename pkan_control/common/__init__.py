"""Shared by every package: arrays, errors, files, validation, seeds."""
