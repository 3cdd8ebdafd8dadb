"""Bytes to and from a board: frames, messages, transports, and a session over them."""
