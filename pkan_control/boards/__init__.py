"""The other end of the bridge: an emulated board, and the conformance suite."""
