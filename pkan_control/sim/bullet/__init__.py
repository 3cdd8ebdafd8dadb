"""Worlds in PyBullet."""
