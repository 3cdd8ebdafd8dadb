"""Publishers of a simulated robot: its state and set-point, clock, and sensors."""

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
from pkan_control.evaluation.rollouts.sensors import specific_force
from pkan_control.ros.nodes.messages import to_time
from pkan_control.ros.nodes.standard_topics import goal_topic, state_topic
from pkan_control.ros.nodes.topics import RELIABLE
from pkan_control.sim.world import Draw

# Width and height of camera images, in pixels.
IMAGE_SIZE = (320, 240)


class SimulationPublishers:
    """Publishes a simulated robot; the state comes last, since it triggers the controller."""

    def __init__(self, node: Node, law: Law, draw: Draw | None, values: Mapping[str, Any]) -> None:
        """Advertise the topics that the parameters and the robot call for.

        `draw` renders a state; None without a camera.
        """
        self._draw, self._law = draw, law
        self._frames = values['world_frame'], values['body_frame']
        # Reliable publishers serve best-effort subscribers, and let lockstep lose nothing.
        self._state, self._goal = state_topic(law), goal_topic(law)
        self._state_publisher: Any = node.create_publisher(
            self._state.message_type, self._state.name, RELIABLE
        )
        self._goal_publisher: Any = node.create_publisher(
            self._goal.message_type, self._goal.name, RELIABLE
        )
        self._clock_publisher: Any = None
        if values['publish_clock']:
            self._clock_publisher = node.create_publisher(Clock, '/clock', RELIABLE)
        self._sensors = self._open_sensors(node, values)
        self._steps_per_image = steps_per_image(law.rate_hz, values['camera_rate'])
        if draw is not None:
            self._image_publisher = node.create_publisher(Image, 'image_raw', RELIABLE)
        # Stamp and set-point of the last state, and the state of the step before.
        self._last: tuple[int, Floats] | None = None
        self._previous: Floats | None = None

    def _open_sensors(
        self, node: Node, values: Mapping[str, Any]
    ) -> list[tuple[Any, Callable[[Floats, int], Any]]]:
        """Return the publishers that accompany odometry, each with what makes its message."""
        if self._law.state_names != STATE:
            return []
        sensors: list[tuple[Any, Callable[[Floats, int], Any]]] = []
        if values['imu']:
            sensors.append((node.create_publisher(Imu, 'imu', RELIABLE), self._imu))
        tf_type = tf_message() if values['tf'] else None
        if tf_type is not None:
            sensors.append(
                (
                    node.create_publisher(tf_type, '/tf', 100),
                    lambda state, stamp_ns: tf_type(transforms=[self._transform(state, stamp_ns)]),
                )
            )
        return sensors

    def publish(self, episode: Episode, stamp_ns: int) -> None:
        """Publish clock, set-point, sensors and state of an episode as it is now.

        A set-point that stands is published once a second, for late subscribers.
        """
        goal = episode.goal
        is_repeated = self._last is not None and self._last[0] == stamp_ns
        stands = self._last is not None and np.array_equal(self._last[1], goal)
        each_second = episode.step % round(self._law.rate_hz) == 0
        if self._goal.moving or not stands or is_repeated or each_second:
            self._goal_publisher.publish(self._goal.encode(goal, stamp_ns, self._frames))
        if self._clock_publisher is not None:
            self._clock_publisher.publish(Clock(clock=to_time(stamp_ns)))
        if not is_repeated:
            self._publish_sensors(episode, stamp_ns)
        self._last = stamp_ns, goal
        self._state_publisher.publish(self._state.encode(episode.seen, stamp_ns, self._frames))

    def _publish_sensors(self, episode: Episode, stamp_ns: int) -> None:
        if episode.step == 0:
            self._previous = None
        for publisher, make in self._sensors:
            publisher.publish(make(episode.seen, stamp_ns))
        self._previous = episode.seen
        if self._draw is not None and episode.step % self._steps_per_image == 0:
            self._image_publisher.publish(self._image(self._draw, episode.seen, stamp_ns))

    def _imu(self, state: Floats, stamp_ns: int) -> Imu:
        """Return an ideal IMU's attitude, rate, and specific force over the last step."""
        message = Imu()
        message.header.stamp, message.header.frame_id = to_time(stamp_ns), self._frames[1]
        _set(message.orientation, 'xyzw', state[ATTITUDE])
        _set(message.angular_velocity, 'xyz', state[RATE])
        force = specific_force(state, self._previous, self._law.rate_hz)
        _set(message.linear_acceleration, 'xyz', force)
        return message

    def _transform(self, state: Floats, stamp_ns: int) -> TransformStamped:
        message = TransformStamped(child_frame_id=self._frames[1])
        message.header.stamp, message.header.frame_id = to_time(stamp_ns), self._frames[0]
        _set(message.transform.translation, 'xyz', state[:3])
        _set(message.transform.rotation, 'xyzw', state[ATTITUDE])
        return message

    def _image(self, draw: Draw, state: Floats, stamp_ns: int) -> Image:
        width, height = IMAGE_SIZE
        message = Image(width=width, height=height, encoding='rgb8', step=3 * width)
        message.header.stamp, message.header.frame_id = to_time(stamp_ns), 'camera'
        message.data = draw(state, width, height).tobytes()
        return message


def tf_message() -> Any:
    """Return the message type of `/tf`, or None where tf2_msgs is not installed."""
    try:
        return import_module('tf2_msgs.msg').TFMessage
    except ImportError:
        return None


def steps_per_image(rate_hz: float, camera_hz: float) -> int:
    """Return after how many steps an image is due; 0 without a camera."""
    return max(round(rate_hz / camera_hz), 1) if camera_hz > 0 else 0


def _set(message: Any, names: str, values: Floats) -> None:
    for name, value in zip(names, values.tolist(), strict=True):
        setattr(message, name, value)
