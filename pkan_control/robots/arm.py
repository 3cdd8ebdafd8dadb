"""An arm: its joints from base to tool, their limits, and how it is modelled.

Base frame as in its URDF, SI units. Tool is the frame whose place is controlled.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, unknown
from pkan_control.common.yaml_files import read_yaml

if TYPE_CHECKING:
    from pkan_control.robots.urdf import UrdfJoint

# Robots that come with the PyBullet wheel are named by this prefix.
WHEEL = 'pybullet_data'
DRIVES = ('velocity', 'torque')
# Where nothing is said of a joint's acceleration, in rad/s^2 or m/s^2.
ACCELERATION = 10.0
# A transform as 12 numbers: the upper three rows of its matrix.
Transform = tuple[float, ...]
UNMOVED: Transform = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Joint:
    """One joint that moves; `origin` leads to it from the joint before.

    `turns` is true for an axis that turns (rad), false for one that slides (m). Limits are those
    of position, velocity (a second) and acceleration (a second squared).
    """

    name: str
    turns: bool
    origin: Transform
    axis: tuple[float, float, float]
    lower: float
    upper: float
    velocity: float
    acceleration: float


@dataclass(frozen=True)
class Gripper:
    """The fingers behind a tool: a joint that is commanded, and others that follow it.

    Positions in the unit of the joint, `speed` a second, `effort` in N or N m. `down` is a
    posture of the arm in which the tool points down, `held` are the joints that keep it in one
    plane.
    """

    joint: str
    followers: tuple[str, ...]
    opened: float
    closed: float
    speed: float
    effort: float
    down: tuple[float, ...]
    held: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Chain:
    """The numbers of an arm's forward map, as arrays.

    A joint's transform `[n, 4, 4]` is `fixed + sin q by_sine + cos q by_cosine` (Rodrigues), with
    q for the sine where it slides. `still`, `skew` and `square` `[3, 3]` are the same of the
    first joint's rotation, in the base frame.
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
    """Joints in order from the base, where the tool is behind the last, and a posture of rest.

    `model` is a URDF file, `pybullet_data/...` for one that comes with PyBullet; `drive` says
    whether its joints take velocities, or torques computed around them.
    """

    name: str
    model: str
    link: str
    joints: tuple[Joint, ...]
    tool: Transform
    home: tuple[float, ...]
    drive: str = 'velocity'
    gripper: Gripper | None = None

    def __post_init__(self) -> None:
        """Refuse an arm that cannot move, or numbers that mean nothing."""
        if self.drive not in DRIVES:
            raise unknown('drive', self.drive, DRIVES)
        if not self.joints or len(self.home) != len(self.joints):
            raise ValueError(f'{len(self.joints)} joints, but home has {len(self.home)}')
        for joint in self.joints:
            numbers = (*joint.origin, *joint.axis, joint.lower, joint.upper)
            if len(numbers) != 17 or not all(map(math.isfinite, numbers)):
                raise ValueError(f'joint {joint.name}: wants 12, 3, 1 and 1 finite numbers')
            if not (0 < joint.velocity < math.inf and 0 < joint.acceleration < math.inf):
                raise ValueError(f'joint {joint.name}: limits must be positive and finite')
        home = np.array(self.home)
        if not ((self.low <= home) & (home <= self.high)).all():
            raise ValueError(f'home {self.home}: not within the limits of all joints')
        if len(self.tool) != 12 or not all(map(math.isfinite, self.tool)):
            raise ValueError('tool: wants 12 finite numbers')
        if self.gripper and len(self.gripper.down) != len(self.joints):
            raise ValueError(f'gripper: down wants {len(self.joints)} numbers')

    @cached_property
    def chain(self) -> Chain:
        """The joints as arrays."""
        parts = [_turning(joint) for joint in self.joints]
        fixed, by_sine, by_cosine = (np.array(part) for part in zip(*parts, strict=True))
        first = self.joints[0]
        about = matrix_of(first.origin)[:3, :3] @ np.array(first.axis) * first.turns
        square = _skew(about) @ _skew(about)
        turns = np.array([float(joint.turns) for joint in self.joints])
        return Chain(
            fixed, by_sine, by_cosine, np.array([joint.axis for joint in self.joints]), turns,
            bool(turns.all()), matrix_of(self.tool), np.eye(3) + square, _skew(about), square,
        )  # fmt: skip

    @cached_property
    def low(self) -> Floats:
        """Lowest positions `[n]`."""
        return np.array([joint.lower for joint in self.joints])

    @cached_property
    def high(self) -> Floats:
        """Highest positions `[n]`."""
        return np.array([joint.upper for joint in self.joints])

    @cached_property
    def velocity(self) -> Floats:
        """Highest velocities `[n]`."""
        return np.array([joint.velocity for joint in self.joints])

    @cached_property
    def acceleration(self) -> Floats:
        """Highest accelerations `[n]`."""
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


def _turning(joint: Joint) -> tuple[Floats, Floats, Floats]:
    """Return what of a joint's transform is fixed, goes with the sine, and with the cosine."""
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
    """Return the path of a URDF; `pybullet_data/` stands for the folder in the PyBullet wheel."""
    head, _, rest = model.partition('/')
    if head != WHEEL:
        return Path(model)
    found = find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        raise UserError(f'{model}: comes with PyBullet, which is not installed')
    return Path(found.submodule_search_locations[0]) / rest


def urdf_arm(name: str, model: str, link: str, values: Mapping[str, Any] | None = None) -> Arm:
    """Return the arm of a URDF up to the link that is its tool; values are those of a YAML file.

    Without them it rests in the middle of its joints' limits.
    """
    # What reads XML takes memory of a node that needs none.
    from pkan_control.robots.urdf import read_chain

    given = dict(values or {})
    urdf = read_chain(model_file(model), link)
    joints, rest = _joints(urdf, given.pop('acceleration', ACCELERATION))
    if not joints:
        raise UserError(f'URDF {model}: no joint between its root and link {link!r} moves')
    tool = rest @ _shift(given.pop('offset', (0.0, 0.0, 0.0)))
    middle = [(joint.lower + joint.upper) / 2 for joint in joints]
    home = given.pop('home', middle)
    arm = Arm(name, model, link, joints, _numbers(tool), tuple(map(float, home)))
    return _with(arm, given)


def _with(arm: Arm, values: dict[str, Any]) -> Arm:
    gripper = values.pop('gripper', None)
    if gripper is not None:
        values['gripper'] = _gripper(gripper)
    return replace(arm, **values)


def _joints(urdf: 'list[UrdfJoint]', acceleration: Any) -> tuple[tuple[Joint, ...], Floats]:
    """Return the joints that move, and the transform `[4, 4]` from the last one to the link."""
    count = sum(joint.kind in ('revolute', 'continuous', 'prismatic') for joint in urdf)
    limits = acceleration if isinstance(acceleration, list) else [acceleration] * count
    if len(limits) != count:
        raise UserError(f'acceleration: {len(limits)} numbers for {count} joints')
    left, found, since = list(limits), [], np.eye(4)
    for joint in urdf:
        since = since @ joint.origin
        if joint.kind == 'fixed':
            continue
        turns = joint.kind != 'prismatic'
        found.append(
            Joint(joint.name, turns, _numbers(since), joint.axis, joint.lower, joint.upper,
                  joint.velocity, float(left.pop(0)))
        )  # fmt: skip
        since = np.eye(4)
    return tuple(found), since


def _numbers(transform: Floats) -> Transform:
    return tuple(float(value) for value in transform[:3].reshape(-1))


def _shift(offset: Any) -> Floats:
    transform = np.eye(4)
    transform[:3, 3] = offset
    return transform


def _gripper(values: Mapping[str, Any]) -> Gripper:
    tuples = {name: tuple(values[name]) for name in ('followers', 'down', 'held')}
    return Gripper(**{**values, **tuples})


def arm_from(values: Mapping[str, Any]) -> Arm:
    """Return the arm whose fields a JSON object holds."""
    joints = tuple(
        Joint(**{**joint, 'origin': tuple(joint['origin']), 'axis': tuple(joint['axis'])})
        for joint in values['joints']
    )
    gripper = values['gripper']
    return Arm(
        **{
            **values,
            'joints': joints,
            'tool': tuple(values['tool']),
            'home': tuple(values['home']),
            'gripper': None if gripper is None else _gripper(gripper),
        }
    )


def load_arm(name: str) -> Arm:
    """Return the arm of a name that ships, or of a YAML file."""
    path, values = read_yaml('arms', 'robot', name)
    if not isinstance(values, dict) or not {'model', 'tip'} <= set(values):
        raise UserError(f'robot {path}: must map model, tip and other fields of an arm to values')
    given = {key: value for key, value in values.items() if key not in ('text', 'model', 'tip')}
    try:
        return urdf_arm(path.stem, str(values['model']), str(values['tip']), given)
    except UserError as error:
        raise UserError(f'robot {path}: {error}') from None
    except (TypeError, LookupError, ValueError, ArithmeticError) as error:
        raise UserError(f'robot {path}: {" ".join(repr(error).split())}') from None
