"""Arms: joints from base to tool, their limits, the URDF, and the YAML file that describes them.

The base frame is that of the URDF, units are SI. The tool is the frame whose pose is controlled.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.files import FilePath
from pkan_control.common.ranges import Finite, Positive, Vector, check_fields
from pkan_control.common.structuring import tuples
from pkan_control.common.yaml_files import read_file

if TYPE_CHECKING:
    from pkan_control.robots.urdf import UrdfJoint

# Models that come with the PyBullet wheel have paths that begin with this folder.
WHEEL = 'pybullet_data'
# Acceleration limit of a joint where a file gives none, in rad/s^2 or m/s^2.
ACCELERATION = 10.0
# Axes of length 1 and rotations are given with a few digits.
TOLERANCE = 1e-6
# A transform as 12 numbers: the upper three rows of its matrix.
Transform = tuple[Finite, ...]
Drive = Literal['velocity', 'torque']


@dataclass(frozen=True)
class Joint:
    """A moving joint; `origin` is its transform from the joint before.

    `turns` is true for a revolute joint (rad), false for a prismatic one (m). Limits are those of
    position, velocity (per s) and acceleration (per s^2).
    """

    name: str
    turns: bool
    origin: Transform
    axis: Vector
    lower: Finite
    upper: Finite
    velocity: Positive
    acceleration: Positive

    def __post_init__(self) -> None:
        """Raise a `UserError` for a joint that cannot exist or move."""
        try:
            check_fields(self)
            check_transform('origin', self.origin)
        except UserError as error:
            raise UserError(f'joint {self.name}: {error}') from None
        if not abs(math.hypot(*self.axis) - 1) < TOLERANCE:
            raise UserError(f'joint {self.name}: axis {self.axis} must have length 1')
        if not self.lower < self.upper:
            raise UserError(
                f'joint {self.name}: lower limit {self.lower} is not below the upper, {self.upper}'
            )


@dataclass(frozen=True)
class Gripper:
    """The fingers behind a tool: a commanded joint, and others that follow it.

    Positions in the unit of the joint, `speed` in units per s, `effort` in N or N m. `down` is a
    posture of the arm in which the tool points down; the joints `held` keep it in one plane.
    """

    joint: str
    followers: tuple[str, ...]
    opened: Finite
    closed: Finite
    speed: Positive
    effort: Positive
    down: tuple[Finite, ...]
    held: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise a `UserError` for numbers out of range, and a gripper that cannot close."""
        check_fields(self)
        if self.opened == self.closed:
            raise UserError(f'closed: {self.closed} is also the position of the opened gripper')


@dataclass(frozen=True, eq=False)
class Chain:
    """Constants of an arm's forward kinematics, as arrays.

    The transform of a joint `[n, 4, 4]` is `fixed + sin(q) by_sine + cos(q) by_cosine` (Rodrigues'
    formula), with q instead of sin(q) for a prismatic joint. The rotation of the first joint
    `[3, 3]` in the base frame is `still + sin(q) skew - cos(q) square`.
    """

    fixed: Floats
    by_sine: Floats
    by_cosine: Floats
    axes: Floats
    turns: Floats
    all_turn: bool
    tool: Floats
    still: Floats
    skew: Floats
    square: Floats


@dataclass(frozen=True)
class Arm:
    """Joints in order from the base to the tool behind the last one, and the home posture.

    `model` is a URDF file, `pybullet_data/...` for one that comes with PyBullet. Joints with
    `drive` velocity take velocities; with torque, torques that are computed around them.
    """

    name: str
    model: str
    link: str
    joints: tuple[Joint, ...]
    tool: Transform
    home: tuple[Finite, ...]
    drive: Drive = 'velocity'
    gripper: Gripper | None = None

    def __post_init__(self) -> None:
        """Raise a `UserError` for an arm that cannot move, or postures outside of its limits."""
        check_fields(self)
        check_transform('tool', self.tool)
        if self.drive not in ('velocity', 'torque'):
            raise UserError(f'drive: must be one of velocity, torque, not {self.drive!r}')
        if not self.joints:
            raise UserError('joints: an arm needs one at least')
        if len(set(self.names)) < len(self.names):
            raise UserError(f'joints: {", ".join(self.names)}: each name may appear once only')
        self._check_posture('home', self.home)
        if self.gripper is not None:
            self._check_posture('gripper.down', self.gripper.down)
            if not set(self.gripper.held) <= set(self.names):
                raise UserError(
                    f'gripper.held: must be of {", ".join(self.names)}, not {self.gripper.held}'
                )

    def _check_posture(self, name: str, posture: tuple[float, ...]) -> None:
        if len(posture) != len(self.joints):
            raise UserError(f'{name}: {len(posture)} numbers for {len(self.joints)} joints')
        for joint, value in zip(self.joints, posture, strict=True):
            if not joint.lower <= value <= joint.upper:
                raise UserError(
                    f'{name}: {value} is outside of the limits of joint {joint.name}, '
                    f'{joint.lower} to {joint.upper}'
                )

    @cached_property
    def chain(self) -> Chain:
        """Constants of the forward kinematics."""
        parts = [_turning(joint) for joint in self.joints]
        fixed, by_sine, by_cosine = (np.array(part) for part in zip(*parts, strict=True))
        first = self.joints[0]
        about = matrix_of(first.origin)[:3, :3] @ np.array(first.axis) * first.turns
        square = _skew(about) @ _skew(about)
        turns = np.array([float(joint.turns) for joint in self.joints])
        return Chain(
            fixed=fixed,
            by_sine=by_sine,
            by_cosine=by_cosine,
            axes=np.array([joint.axis for joint in self.joints]),
            turns=turns,
            all_turn=bool(turns.all()),
            tool=matrix_of(self.tool),
            still=np.eye(3) + square,
            skew=_skew(about),
            square=square,
        )

    @cached_property
    def low(self) -> Floats:
        """Lower limits of the positions `[n]`."""
        return np.array([joint.lower for joint in self.joints])

    @cached_property
    def high(self) -> Floats:
        """Upper limits of the positions `[n]`."""
        return np.array([joint.upper for joint in self.joints])

    @cached_property
    def velocity(self) -> Floats:
        """Limits of the velocities `[n]`."""
        return np.array([joint.velocity for joint in self.joints])

    @cached_property
    def acceleration(self) -> Floats:
        """Limits of the accelerations `[n]`."""
        return np.array([joint.acceleration for joint in self.joints])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the joints."""
        return tuple(joint.name for joint in self.joints)

    @property
    def file(self) -> Path:
        """Path of the URDF."""
        return model_file(self.model)


def matrix_of(transform: Transform) -> Floats:
    """Return the matrix `[4, 4]` of a transform of 12 numbers."""
    return np.concatenate([np.reshape(transform, (3, 4)), [[0.0, 0.0, 0.0, 1.0]]])


def check_transform(name: str, transform: Transform) -> None:
    """Raise a `UserError` unless 12 numbers are a rotation and a translation."""
    if len(transform) != 12:
        raise UserError(f'{name}: must have 12 values, not {len(transform)}')
    rotation = matrix_of(transform)[:3, :3]
    with np.errstate(over='ignore', invalid='ignore'):
        error = np.abs(rotation @ rotation.T - np.eye(3)).max()
    if not (error < TOLERANCE and np.linalg.det(rotation) > 0):
        raise UserError(f'{name}: the upper left 3 by 3 numbers must be a rotation')


def _turning(joint: Joint) -> tuple[Floats, Floats, Floats]:
    """Return the constant part of a joint's transform, and the factors of sine and cosine."""
    origin, change = matrix_of(joint.origin), np.zeros((4, 4))
    if not joint.turns:
        change[:3, 3] = joint.axis
        return origin, origin @ change, np.zeros((4, 4))
    change[:3, :3] = _skew(np.array(joint.axis))
    square = change @ change
    return origin @ (np.eye(4) + square), origin @ change, -origin @ square


def _skew(axis: Floats) -> Floats:
    x, y, z = axis
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def model_file(model: str) -> Path:
    """Return the path of a URDF; `pybullet_data/` stands for the folder of the PyBullet wheel."""
    head, _, rest = model.partition('/')
    if head != WHEEL:
        return Path(model)
    found = find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        raise UserError(f'{model}: comes with PyBullet, which is not installed')
    return Path(found.submodule_search_locations[0]) / rest


@dataclass(frozen=True)
class ArmFile:
    """A YAML file of an arm: the chain of a URDF up to its tool, and what the URDF does not hold.

    `offset` leads from the link `tip` to the tool, in m. Without a `home` posture the arm rests in
    the middle of its limits. `acceleration` has a limit for each joint, or one for all.
    """

    model: str
    tip: str
    offset: Vector = (0.0, 0.0, 0.0)
    home: tuple[Finite, ...] | None = None
    acceleration: tuple[Positive, ...] = (ACCELERATION,)
    drive: Drive = 'velocity'
    gripper: Gripper | None = None

    def __post_init__(self) -> None:
        """Raise a `UserError` for numbers out of range."""
        check_fields(self)


def load_arm(name: FilePath) -> Arm:
    """Return the arm of a name that ships, or of a YAML file."""
    path, values = read_file('arms', 'robot', name, ArmFile)
    try:
        return _arm(path.stem, values)
    except UserError as error:
        raise UserError(f'robot {path}: {error}') from None


def urdf_arm(name: str, model: str, link: str) -> Arm:
    """Return the arm of a URDF up to the link that is its tool, resting in mid-range."""
    return _arm(name, ArmFile(model, link))


def _arm(name: str, file: ArmFile) -> Arm:
    # The XML parser takes memory, and a node with a controller file needs none.
    from pkan_control.robots.urdf import read_chain

    joints, rest = _moving(read_chain(model_file(file.model), file.tip), file.acceleration)
    if not joints:
        raise UserError(
            f'URDF {file.model}: no joint between its root and link {file.tip!r} moves'
        )
    offset = np.eye(4)
    offset[:3, 3] = file.offset
    home = file.home or tuple((joint.lower + joint.upper) / 2 for joint in joints)
    tool = _numbers(rest @ offset)
    return Arm(name, file.model, file.tip, joints, tool, home, file.drive, file.gripper)


def _moving(
    urdf: 'list[UrdfJoint]', limits: tuple[float, ...]
) -> tuple[tuple[Joint, ...], Floats]:
    """Return the joints that move, and the transform `[4, 4]` from the last one to the link."""
    count = sum(joint.kind != 'fixed' for joint in urdf)
    if len(limits) not in (1, count):
        raise UserError(f'acceleration: {len(limits)} numbers for {count} joints')
    accelerations = iter(limits if len(limits) == count else limits * count)
    joints, since = [], np.eye(4)
    for each in urdf:
        since = since @ each.origin
        if each.kind != 'fixed':
            joints.append(
                Joint(
                    each.name,
                    each.kind != 'prismatic',
                    _numbers(since),
                    each.axis,
                    each.lower,
                    each.upper,
                    each.velocity,
                    next(accelerations),
                )
            )
            since = np.eye(4)
    return tuple(joints), since


def _numbers(transform: Floats) -> Transform:
    return tuple(float(value) for value in transform[:3].reshape(-1))


def arm_from(values: Mapping[str, Any]) -> Arm:
    """Return the arm whose fields a JSON object holds."""
    fields: dict[str, Any] = tuples(dict(values))
    fields['joints'] = tuple(Joint(**joint) for joint in fields['joints'])
    if fields['gripper'] is not None:
        fields['gripper'] = Gripper(**fields['gripper'])
    return Arm(**fields)
