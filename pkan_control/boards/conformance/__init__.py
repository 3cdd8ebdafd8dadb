"""Whether a board follows doc/bridge_protocol.md: everything is asked over the wire alone."""
