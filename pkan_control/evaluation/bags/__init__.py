"""Episodes as rosbag2 recordings, written and read without a ROS installation."""
