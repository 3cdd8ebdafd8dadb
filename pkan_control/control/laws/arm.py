"""Base of the arms' laws: wanted twist of the tool, the gripper, and limits of the joints.

Digital, around the network: forward kinematics, the error of the tool in the frame that turns with
the first joint, the gripper, and the limits of positions, velocities and accelerations. A subclass
maps the wanted twist to joint velocities.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.rotations import cross, is_single, shorten, to_body
from pkan_control.control.laws.layout import Field, Layout
from pkan_control.control.signals import Signal, Terms
from pkan_control.robots.arm import Arm, arm_from
from pkan_control.robots.kinematics import first_joint_frame, forward

POINT = ('x_m', 'y_m', 'z_m')
VELOCITY = ('x_m_s', 'y_m_s', 'z_m_s')
# Components of the tool's twist, in order, in the frame that turns with the first joint.
TWIST = (*VELOCITY, 'about_x_rad_s', 'about_y_rad_s', 'about_z_rad_s')
# Distance from their limits at which joints are stopped, in rad or m.
MARGIN = 0.02


class ArmMemory(Layout):
    """Memory of the arms' laws."""

    # Wanted `TWIST` of the tool, and wanted opening of the gripper, 0 to 1.
    twist = Field(6)
    opening = Field(1)
    # Joint velocities that were commanded in the last step, in rad/s or m/s.
    velocities = Field()


@dataclass(frozen=True)
class ArmLaw(ABC):
    """Parameters and methods of all arms' laws.

    A state `[..., 2 n]` has the positions, then the velocities, of the arm's joints and of the
    gripper's where it is used, as in a JointState; further values are ignored. A goal is a point
    in m in the base frame, with `moving` also its velocity, with `grasps` also the yaw in rad of
    the tool, which points down then, and the opening of the gripper, 0 to 1. The command
    `[..., n]` is joint velocities in rad/s or m/s.
    """

    arm: Arm
    rate_hz: float = 60.0
    moving: bool = False
    grasps: bool = False
    # Velocity of the tool per error in 1/s, and the limit of the error in m.
    gain: float = 6.0
    error_limit_m: float = 0.15
    # Velocity per distance at which a joint approaches its limit, or its place if held, in 1/s.
    approach: float = 5.0

    name = ''

    @property
    @abstractmethod
    def observation(self) -> Terms:
        """Terms of the observation."""

    @property
    @abstractmethod
    def output(self) -> Terms:
        """Terms of the network's output."""

    @abstractmethod
    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the memory with the wanted twist, and the observation `[..., n_in]`."""

    @abstractmethod
    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the memory and the command `[..., n]`."""

    @abstractmethod
    def exact(self, observation: Array) -> Array:
        """Return the exact outputs for an observation: the expert."""

    def __post_init__(self) -> None:
        """Raise a `ValueError` for a parameter out of range, and for a missing gripper."""
        for name in ('rate_hz', 'gain', 'error_limit_m', 'approach'):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f'{name}={value!r}: must be positive and finite')
        if self.grasps and self.arm.gripper is None:
            raise ValueError(f'arm {self.arm.name}: has no gripper')

    @property
    def fingers(self) -> int:
        """Number of the gripper's joints that are commanded: one or none."""
        return int(self.grasps)

    @cached_property
    def joint_names(self) -> tuple[str, ...]:
        """Names of all commanded joints, in order."""
        gripper = self.arm.gripper
        return (*self.arm.names, *((gripper.joint,) if self.grasps and gripper else ()))

    @cached_property
    def state_names(self) -> tuple[str, ...]:
        """Positions, then velocities, of all commanded joints."""
        return (
            *(f'{name}_position' for name in self.joint_names),
            *(f'{name}_velocity' for name in self.joint_names),
        )

    @property
    def goal_names(self) -> tuple[str, ...]:
        """A point, then its velocity, then yaw and opening, where the law uses them."""
        more = ('yaw_rad', 'opening') if self.grasps else ()
        return (*POINT, *(VELOCITY if self.moving else ()), *more)

    @cached_property
    def command(self) -> Terms:
        """Joint velocities, each up to its limit."""
        joints = [
            Signal(joint.name, 'rad/s' if joint.turns else 'm/s', '', joint.velocity, 0.0, 1.0)
            for joint in self.arm.joints
        ]
        gripper = self.arm.gripper
        if self.grasps and gripper:
            joints.append(Signal(gripper.joint, '1/s', '', gripper.speed, 0.0, 1.0))
        return Terms(joints)

    def start(self, state: Array) -> Array:
        """Return the `ArmMemory` of an arm that moves as it does, `[..., 7 + n]`."""
        xp = namespace(state)
        count = len(self.joint_names)
        moving = state[..., count : count + len(self.arm.joints)]
        rest = 0 * state[..., :1] + xp.zeros(ArmMemory.size, dtype=state.dtype)
        return xp.concat([rest, moving], axis=-1)

    def twist(self, state: Array, goal: Array) -> Array:
        """Return the wanted twist `[..., 6]` of the tool, in the frame of the first joint."""
        xp = namespace(state)
        q = state[..., : len(self.arm.joints)]
        here, turned = forward(self.arm, q), first_joint_frame(self.arm, q)
        error = shorten(goal[..., :3] - here[..., :3, 3], self.error_limit_m)
        velocity = self.gain * error
        if self.moving:
            velocity = velocity + goal[..., 3:6]
        velocity = to_body(turned, velocity)
        if not self.grasps:
            return xp.concat([velocity, 0 * velocity], axis=-1)
        spin = to_body(turned, self.gain * self._misaligned(here, goal[..., -2]))
        return xp.concat([velocity, spin], axis=-1)

    def _misaligned(self, here: Array, yaw: Array) -> Array:
        """Return the small rotation `[..., 3]` in rad to a tool that points down with a yaw."""
        xp = namespace(here)
        down = 0 * yaw
        first = xp.stack([xp.cos(yaw), xp.sin(yaw), down], axis=-1)
        second = xp.stack([xp.sin(yaw), -xp.cos(yaw), down], axis=-1)
        third = xp.stack([down, down, down - 1], axis=-1)
        wanted = (first, second, third)
        return sum(cross(here[..., :3, i], each) for i, each in enumerate(wanted)) / 2

    def remember(self, memory: Array, twist: Array, goal: Array) -> Array:
        """Return the memory with the wanted twist `[..., 6]` and the goal's opening."""
        opening = goal[..., -1:] if self.grasps else 0 * goal[..., :1]
        if memory.ndim > 1:
            spread = 0 * memory[..., ArmMemory.velocities][..., :1]
            twist, opening = twist + spread, opening + spread
        return ArmMemory.replace(memory, twist=twist, opening=opening)

    def limited(self, memory: Array, state: Array, velocity: Array) -> tuple[Array, Array]:
        """Return the memory and the command for wanted joint velocities `[..., n]`.

        All are scaled so that none exceeds its limit; those near a limit of position are slowed
        on their own, and accelerations are limited.
        """
        xp = namespace(velocity)
        like = self._like(velocity)
        count = len(self.arm.joints)
        q, last = state[..., :count], memory[..., ArmMemory.velocities]
        velocity = self._slowed(velocity, xp.abs(velocity) / like['velocity'])
        velocity = xp.minimum(velocity, self.approach * (like['high'] - q))
        velocity = xp.maximum(velocity, self.approach * (like['low'] - q))
        step = like['step']
        velocity = xp.minimum(xp.maximum(velocity, last - step), last + step)
        memory = ArmMemory.replace(memory, velocities=velocity)
        if not self.grasps:
            return memory, velocity
        opening = memory[..., ArmMemory.opening]
        finger = self.approach * 2 * (opening - state[..., count : count + 1])
        return memory, xp.concat([velocity, finger], axis=-1)

    @staticmethod
    def _slowed(velocity: Array, share: Array) -> Array:
        """Return velocities divided by the largest share of a limit, where that is above 1."""
        if is_single(share):
            return velocity / max(float(share.max()), 1.0)
        xp = namespace(velocity)
        excess = xp.max(share, axis=-1, keepdims=True)
        return velocity / xp.maximum(excess, 0 * excess + 1)

    def _like(self, values: Array) -> dict[str, Array]:
        if isinstance(values, np.ndarray):
            return self._limits
        xp = namespace(values)
        return {k: xp.asarray(v, dtype=values.dtype) for k, v in self._limits.items()}

    @cached_property
    def _limits(self) -> dict[str, Floats]:
        arm = self.arm
        return {
            'velocity': arm.velocity,
            'low': arm.low + MARGIN,
            'high': arm.high - MARGIN,
            'step': arm.acceleration / self.rate_hz,
        }

    def hold(self, state: Floats) -> Floats:
        """Return the goal at which the tool stays where it is, its gripper as it is."""
        count = len(self.arm.joints)
        here = forward(self.arm, state[:count])
        goal = [*here[:3, 3], *((0.0,) * 3 if self.moving else ())]
        if self.grasps:
            goal += [math.atan2(here[1, 0], here[0, 0]), state[count]]
        return np.array(goal)

    def safe_command(self) -> Floats:
        """Return velocities of 0, `[n]`."""
        return np.zeros(len(self.joint_names))

    def with_arm(self, arm: Arm) -> Self:
        """Return the law for the same arm with other limits or drives."""
        return replace(self, arm=arm)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the law whose parameters a JSON object holds."""
        fields: dict[str, Any] = {
            key: tuple(v) if isinstance(v, list) else v for key, v in values.items()
        }
        return cls(**{**fields, 'arm': arm_from(values['arm'])})


def seen_joints(state: Array, inputs: Sequence[tuple[int, float, float]]) -> Array:
    """Return the observed joint positions; each of `inputs` begins with the index of a joint."""
    xp = namespace(state)
    return xp.take(state, xp.asarray([joint for joint, *_ in inputs]), axis=-1)
