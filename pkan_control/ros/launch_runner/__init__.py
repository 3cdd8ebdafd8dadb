"""A runner for the package's own `.launch.xml` files, where ROS 2's `launch` is not installed.

    python -m pkan_control.ros.launch_runner drone_hover.launch.xml episodes:=10

`ros2 launch` runs the same files, with the same command line for each node. The runner supports
what the shipped files use (`launch_file.SHAPES`, `values.SUBSTITUTIONS`) and refuses all else.
"""
