"""Chips: they hold a program and evaluate it, simulated or on a board."""
