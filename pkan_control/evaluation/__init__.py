"""Rollouts, studies of many chips, recordings, and Gymnasium environments."""
