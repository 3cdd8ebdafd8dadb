"""How commands leave: one message type to a file, chosen by the parameter `command_interface`."""
