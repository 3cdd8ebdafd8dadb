"""Forward kinematics and Jacobians of arms, on batches of any array library.

The transform of a joint is linear in the sine and cosine of its angle (Rodrigues' formula), so
that those of all joints of a batch are computed at once.
"""

from functools import lru_cache, reduce

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.rotations import cross, is_single
from pkan_control.robots.arm import Arm, Chain


def forward(arm: Arm, q: Array) -> Array:
    """Return the tool's pose in the base frame `[..., 4, 4]` at joint positions `[..., n]`."""
    if is_single(q):
        return _pose(arm.chain, q.tobytes())
    moved = transforms(arm.chain, q)
    pose = moved[..., 0, :, :]
    for joint in range(1, len(arm.joints)):
        pose = pose @ moved[..., joint, :, :]
    return pose @ _like(q, arm.chain.tool)


@lru_cache(maxsize=1)
def _pose(chain: Chain, positions: bytes) -> Floats:
    """Return the pose of one posture; law and task need the same one within a step."""
    moved = transforms(chain, np.frombuffer(positions))
    # For small matrices this is twice as fast as the operator @.
    pose: Floats = reduce(np.dot, [*moved, chain.tool])
    pose.flags.writeable = False
    return pose


def jacobian(arm: Arm, q: Array) -> Array:
    """Return the geometric Jacobian of the tool `[..., 6, n]` in the base frame.

    Rows: velocity in m, then angular velocity in rad, both per unit of the joint.
    """
    xp = namespace(q)
    moved = transforms(arm.chain, q)
    poses: list[Array] = []
    for joint in range(len(arm.joints)):
        here = moved[..., joint, :, :]
        poses.append(poses[-1] @ here if poses else here)
    frames = xp.stack(poses, axis=-3)
    tip = (poses[-1] @ _like(q, arm.chain.tool))[..., None, :3, 3]
    axes = (frames[..., :3, :3] @ _like(q, arm.chain.axes)[..., None])[..., 0]
    turns = _like(q, arm.chain.turns)[:, None]
    swept = cross(axes, tip - frames[..., :3, 3])
    columns = xp.concat([turns * swept + (1 - turns) * axes, turns * axes], axis=-1)
    return xp.moveaxis(columns, -1, -2)


def transforms(chain: Chain, q: Array) -> Array:
    """Return the transforms `[..., n, 4, 4]` of the joints, each from the joint before."""
    xp = namespace(q)
    sine = xp.sin(q) if chain.all_turn else xp.where(_like(q, chain.turns) > 0, xp.sin(q), q)
    turned = _like(q, chain.fixed) + sine[..., None, None] * _like(q, chain.by_sine)
    return turned + xp.cos(q)[..., None, None] * _like(q, chain.by_cosine)


def damped_inverse(matrix: Array, damping: float) -> Array:
    """Return the damped pseudo-inverse `[..., n, m]` of matrices `[..., m, n]`, m at most n.

    `J' (J J' + d^2)^-1`: Nakamura and Hanafusa, Journal of Dynamic Systems 1986. Its norm is at
    most 1/(2 d), near a singularity too.
    """
    xp = namespace(matrix)
    turned = xp.moveaxis(matrix, -1, -2)
    square = matrix @ turned
    eye = xp.eye(square.shape[-1], dtype=matrix.dtype)
    return turned @ xp.linalg.inv(square + damping**2 * eye)


def first_joint_frame(arm: Arm, q: Array) -> Array:
    """Return the rotation `[..., 3, 3]` of the frame that turns with the first joint.

    It equals the base frame where that joint is at 0. In this frame the Jacobian of the tool does
    not depend on the first joint.
    """
    xp = namespace(q)
    chain, first = arm.chain, q[..., :1, None]
    fixed, skew, square = (_like(q, part) for part in (chain.still, chain.skew, chain.square))
    return fixed + xp.sin(first) * skew - xp.cos(first) * square


def _like(q: Array, values: Floats) -> Array:
    if isinstance(q, np.ndarray):
        return values
    return namespace(q).asarray(values, dtype=q.dtype)
