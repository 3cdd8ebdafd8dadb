"""An Odometry from its bytes: what a controller reads of it, without the rest.

rclpy's own way makes every object and both covariances of a message, which takes longer than all
that a controller does with it. The bytes are those of OMG's Common Data Representation (XCDR
version 1, plain), what ROS 2 sends: a head of four bytes that tells the order of bytes, and then
each number at a multiple of its size. Any other bytes are left to rclpy.
"""

import struct
from typing import NamedTuple

from nav_msgs.msg import Odometry
from rclpy.serialization import deserialize_message

# The heads of such messages, and how `struct` calls the order of bytes that each tells.
ORDERS = {b'\x00\x00\x00\x00': '>', b'\x00\x01\x00\x00': '<'}
HEAD = 4
# Seven numbers of the pose, its covariance of 36, six of the twist, its covariance.
NUMBERS = 7 + 36 + 6 + 36
TWIST = (7 + 36) * 8
STAMPS = {order: struct.Struct(f'{order}iII') for order in ORDERS.values()}
LENGTHS = {order: struct.Struct(f'{order}I') for order in ORDERS.values()}
POSES = {order: struct.Struct(f'{order}7d') for order in ORDERS.values()}
TWISTS = {order: struct.Struct(f'{order}6d') for order in ORDERS.values()}


class Stamp(NamedTuple):
    """A builtin_interfaces/Time."""

    sec: int
    nanosec: int


class Header(NamedTuple):
    """A std_msgs/Header."""

    stamp: Stamp
    frame_id: str


class Vector(NamedTuple):
    """A geometry_msgs/Vector3 or Point."""

    x: float
    y: float
    z: float


class Quaternion(NamedTuple):
    """A geometry_msgs/Quaternion."""

    x: float
    y: float
    z: float
    w: float


class Pose(NamedTuple):
    """A geometry_msgs/Pose."""

    position: Vector
    orientation: Quaternion


class Twist(NamedTuple):
    """A geometry_msgs/Twist."""

    linear: Vector
    angular: Vector


class PoseOnly(NamedTuple):
    """A geometry_msgs/PoseWithCovariance, without that."""

    pose: Pose


class TwistOnly(NamedTuple):
    """A geometry_msgs/TwistWithCovariance, without that."""

    twist: Twist


class State(NamedTuple):
    """A nav_msgs/Odometry, without its covariances and the name of the body's frame."""

    header: Header
    pose: PoseOnly
    twist: TwistOnly


def read_odometry(data: bytes) -> State | Odometry:
    """Return the message that bytes are, in the units and frames of nav_msgs/Odometry."""
    order = ORDERS.get(data[:HEAD])
    state = None if order is None else _read(data, order)
    return deserialize_message(data, Odometry) if state is None else state


def _read(data: bytes, order: str) -> State | None:
    """Return the state, or None where the lengths in it do not add up to that of the bytes."""
    try:
        sec, nanosec, length = STAMPS[order].unpack_from(data, HEAD)
        frame = HEAD + STAMPS[order].size
        child = _aligned(frame + length, 4)
        (length_of_child,) = LENGTHS[order].unpack_from(data, child)
        numbers = _aligned(child + 4 + length_of_child, 8)
        if len(data) != numbers + 8 * NUMBERS:
            return None
        px, py, pz, qx, qy, qz, qw = POSES[order].unpack_from(data, numbers)
        vx, vy, vz, wx, wy, wz = TWISTS[order].unpack_from(data, numbers + TWIST)
        header = Header(Stamp(sec, nanosec), data[frame : frame + length - 1].decode())
    except (struct.error, UnicodeDecodeError):
        return None
    pose = Pose(Vector(px, py, pz), Quaternion(qx, qy, qz, qw))
    twist = Twist(Vector(vx, vy, vz), Vector(wx, wy, wz))
    return State(header, PoseOnly(pose), TwistOnly(twist))


def _aligned(place: int, size: int) -> int:
    """Return the first place from there on at a multiple of a size, counted from the head on."""
    return place + (HEAD - place) % size
