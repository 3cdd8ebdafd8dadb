"""Rollouts as a page that one can send to somebody."""
