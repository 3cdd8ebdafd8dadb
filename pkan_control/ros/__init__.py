"""Everything that depends on ROS 2."""
