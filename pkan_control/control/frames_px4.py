"""Conversions between the frames of ROS and of PX4.

ROS (REP-103): world ENU (east, north, up), body FLU (forward, left, up), quaternions x, y, z, w.
PX4: world NED (north, east, down), body FRD (forward, right, down), quaternions w, x, y, z.
Both quaternions turn vectors of the body into the world. Each function is its own inverse.
"""

import math

import numpy as np

from pkan_control.common.arrays import Floats

ROOT_HALF = math.sqrt(0.5)


def frd_from_flu(vector: Floats) -> Floats:
    """Return a body vector `[3]`, forward-left-up, as forward-right-down, or back."""
    return np.array([vector[0], -vector[1], -vector[2]])


def ned_from_enu(vector: Floats) -> Floats:
    """Return a world vector `[3]`, east-north-up, as north-east-down, or back."""
    return np.array([vector[1], vector[0], -vector[2]])


def px4_from_ros(quaternion: Floats) -> Floats:
    """Return the attitude `[4]` x, y, z, w of FLU in ENU as w, x, y, z of FRD in NED.

    World axes turn by half a turn about (1, 1, 0), body axes by half a turn about x.
    """
    x, y, z, w = quaternion
    return np.array([w + z, x + y, x - y, w - z]) * ROOT_HALF


def ros_from_px4(quaternion: Floats) -> Floats:
    """Return the attitude `[4]` w, x, y, z of FRD in NED as x, y, z, w of FLU in ENU."""
    w, x, y, z = quaternion
    return np.array([x + y, x - y, w - z, w + z]) * ROOT_HALF
