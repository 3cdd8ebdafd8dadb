"""Rotations as quaternions (x, y, z, w), body to world, on batches of any array library."""

import math

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace


def matrix(quaternion: Array) -> Array:
    """Return rotation matrices `[..., 3, 3]` of unit quaternions `[..., 4]`."""
    single = is_single(quaternion)
    x, y, z, w = quaternion.tolist() if single else (quaternion[..., i] for i in range(4))
    xx, yy, zz, xy, xz, yz = x * x, y * y, z * z, x * y, x * z, y * z
    xw, yw, zw = x * w, y * w, z * w
    numbers = (
        1 - 2 * (yy + zz),
        2 * (xy - zw),
        2 * (xz + yw),
        2 * (xy + zw),
        1 - 2 * (xx + zz),
        2 * (yz - xw),
        2 * (xz - yw),
        2 * (yz + xw),
        1 - 2 * (xx + yy),
    )
    if single:
        return np.array(numbers).reshape(3, 3)
    xp = namespace(quaternion)
    return xp.reshape(xp.stack(numbers, axis=-1), (*quaternion.shape[:-1], 3, 3))


def is_single(array: Array) -> bool:
    """Return whether an array is a single NumPy vector: plain numbers are faster then."""
    return isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype == np.float64


def upwards(quaternion: Array) -> Array:
    """Return the vertical component of the body's z axis `[...]` of quaternions `[..., 4]`."""
    x, y = quaternion[..., 0], quaternion[..., 1]
    return 1 - 2 * (x * x + y * y)


def to_world(rotation: Array, vector: Array) -> Array:
    """Rotate body vectors `[..., 3]` into the world by matrices `[..., 3, 3]`."""
    if is_single(vector):
        return rotation.dot(vector)
    return (rotation @ vector[..., None])[..., 0]


def to_body(rotation: Array, vector: Array) -> Array:
    """Rotate world vectors `[..., 3]` into the body by matrices `[..., 3, 3]`."""
    if is_single(vector):
        return vector.dot(rotation)
    return (vector[..., None, :] @ rotation)[..., 0, :]


def cross(a: Array, b: Array) -> Array:
    """Return the cross product of vectors `[..., 3]`."""
    xp = namespace(a, b)
    ax, ay, az = (a[..., i] for i in range(3))
    bx, by, bz = (b[..., i] for i in range(3))
    return xp.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def norm(vector: Array) -> Array:
    """Return the length of vectors, `[..., n]` to `[..., 1]`."""
    if is_single(vector):
        return np.array([_length(vector)])
    return namespace(vector).sqrt(_total(vector * vector))


def _length(vector: Floats) -> float:
    # Not `sum`, which rounds differently from Python 3.12 on.
    total = 0.0
    for value in vector.tolist():
        total += value * value
    return math.sqrt(total)


def _total(values: Array) -> Array:
    """Return the sum over the last axis, which is kept; faster than `sum` for a few columns."""
    total = values[..., :1]
    for place in range(1, values.shape[-1]):
        total = total + values[..., place : place + 1]
    return total


def is_shorter(vector: Array, limit: float) -> Array:
    """Return whether vectors are shorter than a limit `[..., 1]`; a bool for a single one."""
    return _length(vector) < limit if is_single(vector) else norm(vector) < limit


def shorten(vector: Array, limit: float) -> Array:
    """Scale vectors `[..., n]` that are longer than the limit down to it; NaNs are kept."""
    if is_single(vector):
        length = _length(vector)
        return vector if length <= limit else vector * (limit / length)
    xp, length = namespace(vector), norm(vector)
    return vector * (limit / xp.maximum(length, 0 * length + limit))


def turn(quaternion: Array, angle: Array) -> Array:
    """Rotate quaternions `[..., 4]` by rotation vectors `[..., 3]` in rad, in the world frame."""
    xp = namespace(quaternion, angle)
    half = norm(angle) / 2
    small = half < 1e-9
    sinc = xp.where(small, 0.5 + 0 * half, xp.sin(half) / xp.where(small, 1 + 0 * half, 2 * half))
    vector, w = angle * sinc, xp.cos(half)
    v0, w0 = quaternion[..., :3], quaternion[..., 3:]
    turned_vector = w * v0 + w0 * vector + cross(vector, v0)
    turned_w = w * w0 - _total(vector * v0)
    turned = xp.concat([turned_vector, turned_w], axis=-1)
    return turned / norm(turned)
