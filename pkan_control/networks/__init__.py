"""Layers of edges as programs, and the perceptron beside them."""
