"""Studies of many chips: yield, transfer of networks, power."""
