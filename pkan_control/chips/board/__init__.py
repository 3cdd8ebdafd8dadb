"""A chip on a board behind the hardware bridge."""
