"""An Odometry read from its bytes is the one that rclpy makes of them, whatever they are."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nav_msgs.msg import Odometry
from rclpy.serialization import deserialize_message, serialize_message

from pkan_control.ros.nodes import standard_topics as odometry_cdr
from pkan_control.ros.nodes.standard_topics import _unpack, read_message, read_odometry
from pkan_control.ros.nodes.topics import Sample

TEXTS = st.text(st.characters(exclude_characters='\0', exclude_categories=('Cs',)), max_size=20)
SECONDS, REST = st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1)


def message_of(sec: int, rest: int, frame: str, child: str, seed: int) -> Odometry:
    """Return a message whose numbers all differ."""
    draw = np.random.default_rng(seed)
    message = Odometry(child_frame_id=child)
    message.header.stamp.sec, message.header.stamp.nanosec = sec, rest
    message.header.frame_id = frame
    pose, twist = message.pose.pose, message.twist.twist
    turned = draw.normal(size=4)
    turned /= np.linalg.norm(turned)
    for part, names in ((pose.position, 'xyz'), (twist.linear, 'xyz'), (twist.angular, 'xyz')):
        for name, value in zip(names, draw.normal(size=3).tolist(), strict=True):
            setattr(part, name, value)
    for name, value in zip('xyzw', turned.tolist(), strict=True):
        setattr(pose.orientation, name, value)
    message.pose.covariance = draw.normal(size=36)
    message.twist.covariance = draw.normal(size=36)
    return message


def check(sample: Sample, message: Odometry) -> None:
    expected = read_message(message)
    assert sample[:2] == expected[:2]
    assert sample.values.tobytes() == expected.values.tobytes()


@given(SECONDS, REST, TEXTS, TEXTS, st.integers(0, 100))
def test_it_is_what_rclpy_reads(sec, rest, frame, child, seed):
    message = message_of(sec, rest, frame, child, seed)
    sample = _unpack(serialize_message(message), '<')
    assert sample is not None
    check(sample, message)
    check(read_odometry(serialize_message(message)), message)


def test_bytes_in_the_other_order_are_read():
    message = message_of(5, 6, 'map', 'base_link', 1)
    little = serialize_message(message)
    numbers = struct.unpack('<85d', little[-85 * 8 :])
    head = struct.pack('>iII', 5, 6, 4) + b'map\0' + struct.pack('>I', 10) + b'base_link\0\0\0'
    big = b'\x00\x00\x00\x00' + head + struct.pack('>85d', *numbers)
    assert len(big) == len(little)
    check(read_odometry(big), message)


@given(st.integers(4, 715), st.integers(0, 255))
def test_a_changed_byte_is_read_as_rclpy_reads_it_or_left_to_it(place, value):
    data = bytearray(serialize_message(message_of(5, 6, 'map', 'base_link', 2)))
    data[place] = value
    sample = _unpack(bytes(data), '<')
    if sample is not None:
        expected = read_message(deserialize_message(bytes(data), Odometry))
        assert sample.stamp_ns == expected.stamp_ns
        np.testing.assert_array_equal(sample.values, expected.values)


@pytest.mark.parametrize('cut', [0, 3, 11, 20, 40, 700, 715])
def test_bytes_that_end_early_are_left_to_rclpy(monkeypatch, cut):
    left = []
    monkeypatch.setattr(
        odometry_cdr, 'deserialize_message', lambda data, kind: left.append(data) or Odometry()
    )
    data = serialize_message(message_of(5, 6, 'map', 'base_link', 3))[:cut]
    read_odometry(data)
    assert left == [data]


@pytest.mark.parametrize('length', [0.0, 0.9989, 1.0011, np.nan])
def test_an_attitude_that_is_no_rotation_is_not_a_number(length):
    message = message_of(5, 6, 'map', 'base_link', 4)
    q = message.pose.pose.orientation
    q.x, q.y, q.z, q.w = 0.0, 0.0, 0.0, length
    assert np.isnan(_unpack(serialize_message(message), '<').values).all()
