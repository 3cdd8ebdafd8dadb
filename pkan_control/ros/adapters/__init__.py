"""Adapters: commands as messages of a stack, chosen by the parameter `command_interface`."""
