"""Fast reading of Odometry: stamp, frame and state from the serialised bytes.

rclpy builds every object and both covariances of a message, which takes longer than all that a
controller does with them. The bytes are in OMG's Common Data Representation (plain CDR, XCDR
version 1), as ROS 2 sends them: a head of four bytes that names the byte order, then each number
aligned to its size, counted from the end of the head. rclpy reads any other bytes.
"""

import struct

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.serialization import deserialize_message

from pkan_control.common.message_fields import NANOSECONDS, drone_state, is_unit
from pkan_control.ros.nodes.topics import Sample, with_header

# The head of a message for each byte order, as `struct` writes it.
BYTE_ORDERS = {b'\x00\x00\x00\x00': '>', b'\x00\x01\x00\x00': '<'}
HEAD = 4
# Pose (7 numbers) and twist (6), each followed by its covariance (36).
NUMBERS_SIZE = 8 * (7 + 36 + 6 + 36)
STAMPS = {order: struct.Struct(f'{order}iII') for order in BYTE_ORDERS.values()}
LENGTHS = {order: struct.Struct(f'{order}I') for order in BYTE_ORDERS.values()}
STATES = {order: struct.Struct(f'{order}7d{8 * 36}x6d') for order in BYTE_ORDERS.values()}

read_message = with_header(drone_state)


def read_odometry(data: bytes) -> Sample:
    """Return the state `[13]` of a serialised nav_msgs/Odometry, in its units and frames.

    An attitude that is not a unit quaternion makes all numbers NaN.
    """
    order = BYTE_ORDERS.get(data[:HEAD])
    sample = None if order is None else _unpack(data, order)
    return read_message(deserialize_message(data, Odometry)) if sample is None else sample


def _unpack(data: bytes, order: str) -> Sample | None:
    """Return the sample, or None where the lengths in the bytes do not add up to their number."""
    try:
        seconds, nanoseconds, length = STAMPS[order].unpack_from(data, HEAD)
        frame = HEAD + STAMPS[order].size
        child = _aligned(frame + length, 4)
        (child_length,) = LENGTHS[order].unpack_from(data, child)
        numbers = _aligned(child + 4 + child_length, 8)
        if len(data) != numbers + NUMBERS_SIZE:
            return None
        state = STATES[order].unpack_from(data, numbers)
        name = data[frame : frame + length - 1].decode()
    except (struct.error, UnicodeDecodeError):
        return None
    values = np.array(state) if is_unit(*state[3:7]) else np.full(len(state), np.nan)
    return Sample(seconds * NANOSECONDS + nanoseconds, name, values)


def _aligned(place: int, size: int) -> int:
    """Return the next multiple of a size, counted from the end of the head."""
    return place + (HEAD - place) % size
