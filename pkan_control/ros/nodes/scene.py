"""What a simulation node tells of its robot: state and set-point, and what sensors would add."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, Imu

from pkan_control.common.arrays import Floats
from pkan_control.control.laws.drone import ATTITUDE, RATE, STATE
from pkan_control.control.laws.law import Law
from pkan_control.evaluation.rollouts.episode import Episode
from pkan_control.evaluation.rollouts.sensors import specific_force as specific_force
from pkan_control.ros.nodes.messages import to_time
from pkan_control.ros.nodes.qos import RELIABLE
from pkan_control.ros.nodes.topics import goal_topic, state_topic
from pkan_control.sim.world import Draw

IMAGE_SIZE = (320, 240)


class Scene:
    """Publishers of a simulated robot; the state comes last, since it triggers the controller."""

    def __init__(self, node: Node, law: Law, draw: Draw | None, values: Mapping[str, Any]) -> None:
        """Advertise what the parameters ask for, and what this robot has.

        What draws a state is given where there are to be pictures.
        """
        self._draw, self._law = draw, law
        self._frames = values['world_frame'], values['body_frame']
        # Reliable publishers serve best-effort subscribers, and let lockstep lose nothing.
        state, goal = state_topic(law), goal_topic(law)
        self._state, self._goal = state, goal
        self._state_out: Any = node.create_publisher(state.kind, state.name, RELIABLE)
        self._goal_out: Any = node.create_publisher(goal.kind, goal.name, RELIABLE)
        self._clock_out: Any = None
        if values['publish_clock']:
            self._clock_out = node.create_publisher(Clock, '/clock', RELIABLE)
        self._extras = self._open_extras(node, values)
        self._frame_every = _every(law.rate_hz, values['camera_rate'])
        if draw is not None:
            self._image_out = node.create_publisher(Image, 'image_raw', RELIABLE)
        self._sent: tuple[int, Floats] | None = None
        self._before: Floats | None = None

    def _open_extras(
        self, node: Node, values: Mapping[str, Any]
    ) -> list[tuple[Any, Callable[[Floats, int], Any]]]:
        """Return the publishers of what goes along with odometry, each with what makes it."""
        if self._law.state_names != STATE:
            return []
        extras: list[tuple[Any, Callable[[Floats, int], Any]]] = []
        if values['imu']:
            extras.append((node.create_publisher(Imu, 'imu', RELIABLE), self._imu))
        kind = tf_message() if values['tf'] else None
        if kind is not None:
            made = lambda state, stamp: kind(transforms=[self._transform(state, stamp)])  # noqa: E731
            extras.append((node.create_publisher(kind, '/tf', 100), made))
        return extras

    def publish(self, episode: Episode, stamp: int) -> None:
        """Publish clock, set-point, sensors and state of now, with a stamp in ns.

        A set-point that stands goes out once a second, for whoever joins late.
        """
        goal = episode.goal
        repeated = self._sent is not None and self._sent[0] == stamp
        stands = self._sent is not None and np.array_equal(self._sent[1], goal)
        if (
            self._goal.moving
            or not stands
            or repeated
            or episode.step % round(self._law.rate_hz) == 0
        ):
            self._goal_out.publish(self._goal.encode(goal, stamp, self._frames))
        if self._clock_out is not None:
            self._clock_out.publish(Clock(clock=to_time(stamp)))
        if not repeated:
            self._publish_extras(episode, stamp)
        self._sent = stamp, goal
        self._state_out.publish(self._state.encode(episode.seen, stamp, self._frames))

    def _publish_extras(self, episode: Episode, stamp: int) -> None:
        if episode.step == 0:
            self._before = None
        for publisher, make in self._extras:
            publisher.publish(make(episode.seen, stamp))
        self._before = episode.seen
        if self._draw is not None and episode.step % self._frame_every == 0:
            self._image_out.publish(self._image(self._draw, episode.seen, stamp))

    def _imu(self, state: Floats, stamp_ns: int) -> Imu:
        """Return what an ideal IMU tells: attitude, rate, specific force over the last step."""
        message = Imu()
        message.header.stamp, message.header.frame_id = to_time(stamp_ns), self._frames[1]
        _write(message.orientation, 'xyzw', state[ATTITUDE])
        _write(message.angular_velocity, 'xyz', state[RATE])
        force = specific_force(state, self._before, self._law.rate_hz)
        _write(message.linear_acceleration, 'xyz', force)
        return message

    def _transform(self, state: Floats, stamp_ns: int) -> TransformStamped:
        message = TransformStamped(child_frame_id=self._frames[1])
        message.header.stamp, message.header.frame_id = to_time(stamp_ns), self._frames[0]
        _write(message.transform.translation, 'xyz', state[:3])
        _write(message.transform.rotation, 'xyzw', state[ATTITUDE])
        return message

    def _image(self, draw: Draw, state: Floats, stamp_ns: int) -> Image:
        width, height = IMAGE_SIZE
        message = Image(width=width, height=height, encoding='rgb8', step=3 * width)
        message.header.stamp, message.header.frame_id = to_time(stamp_ns), 'camera'
        message.data = draw(state, width, height).tobytes()
        return message


def tf_message() -> Any:
    """Return the message of `/tf`, None where tf2_msgs is not installed."""
    try:
        return import_module('tf2_msgs.msg').TFMessage
    except ImportError:
        return None


def _every(rate_hz: float, camera_hz: float) -> int:
    return max(round(rate_hz / camera_hz), 1) if camera_hz > 0 else 0


def _write(message: Any, names: str, values: Floats) -> None:
    for name, value in zip(names, values.tolist(), strict=True):
        setattr(message, name, value)
