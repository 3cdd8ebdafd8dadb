"""The ROS 2 nodes: translation between topics and the controller, and nothing else."""
