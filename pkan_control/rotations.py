"""Rotations as quaternions (x, y, z, w), body to world, on batches of any array library."""

from pkan_control.arrays import Array, namespace


def matrix(quaternion: Array) -> Array:
    """Return rotation matrices `[..., 3, 3]` of unit quaternions `[..., 4]`."""
    xp = namespace(quaternion)
    x, y, z, w = (quaternion[..., i] for i in range(4))
    entries = (
        *(1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        *(2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        *(2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return xp.reshape(xp.stack(entries, axis=-1), (*x.shape, 3, 3))


def upwards(quaternion: Array) -> Array:
    """Return how far the body's z axis points up, its vertical part, of quaternions `[..., 4]`."""
    x, y = quaternion[..., 0], quaternion[..., 1]
    return 1 - 2 * (x * x + y * y)


def to_world(rotation: Array, vector: Array) -> Array:
    """Turn body vectors `[..., 3]` into the world by matrices `[..., 3, 3]`."""
    return (rotation @ vector[..., None])[..., 0]


def to_body(rotation: Array, vector: Array) -> Array:
    """Turn world vectors `[..., 3]` into the body by matrices `[..., 3, 3]`."""
    return (vector[..., None, :] @ rotation)[..., 0, :]


def cross(a: Array, b: Array) -> Array:
    """Return the cross product of vectors `[..., 3]`."""
    xp = namespace(a, b)
    ax, ay, az = (a[..., i] for i in range(3))
    bx, by, bz = (b[..., i] for i in range(3))
    return xp.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def norm(vector: Array) -> Array:
    """Return the length of vectors, `[..., n]` to `[..., 1]`."""
    xp = namespace(vector)
    return xp.sqrt(xp.sum(vector * vector, axis=-1, keepdims=True))


def shorten(vector: Array, limit: float) -> Array:
    """Scale vectors `[..., n]` that are longer than the limit down to it."""
    xp = namespace(vector)
    length = norm(vector)
    return vector * (limit / xp.maximum(length, 0 * length + limit))


def turn(quaternion: Array, angle: Array) -> Array:
    """Turn quaternions `[..., 4]` by rotation vectors `[..., 3]` in rad, in the world frame."""
    xp = namespace(quaternion, angle)
    half = norm(angle) / 2
    small = half < 1e-9
    sinc = xp.where(small, 0.5 + 0 * half, xp.sin(half) / xp.where(small, 1 + 0 * half, 2 * half))
    vector, w = angle * sinc, xp.cos(half)
    v0, w0 = quaternion[..., :3], quaternion[..., 3:]
    turned_vector = w * v0 + w0 * vector + cross(vector, v0)
    turned_w = w * w0 - xp.sum(vector * v0, axis=-1, keepdims=True)
    turned = xp.concat([turned_vector, turned_w], axis=-1)
    return turned / norm(turned)
