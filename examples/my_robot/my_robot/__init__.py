"""A ball on a beam: a robot, its task and a device of its own for `pkan_control`."""
