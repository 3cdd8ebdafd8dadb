"""Runs the package's own `.launch.xml` files where ROS 2's `launch` package is not installed.

    python -m pkan_control.ros.launch_runner drone_hover.launch.xml episodes:=10

The same files are valid for `ros2 launch`, and a node is started with the same command line by
both. What is understood is listed in `launch_file.SHAPES` and `substitutions.SUBSTITUTIONS`;
anything else is an error that names it.

Reading (`launch_file`), deciding (`evaluation`, `parameters`, `substitutions`, `escalation`) and
running (`processes`, `relay`) are apart: nothing is started before the whole description, its
includes too, has been read and evaluated.
"""

from pkan_control.ros.launch_runner.evaluation import Plan, Process, evaluate

__all__ = ['Plan', 'Process', 'evaluate']
