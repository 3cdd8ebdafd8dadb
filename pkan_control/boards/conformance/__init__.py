"""The protocol conformance suite: tests doc/bridge_protocol.md over the wire alone."""
