"""The commands of `pkan`, one to a file."""
