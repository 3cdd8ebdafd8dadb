"""The bridge protocol, host side: frames, messages, transports, and a session over them."""
