"""Base of the tasks of arms: the arm, its law, and the ranges of postures and goals."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Self

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.errors import UserError, unknown
from pkan_control.control.laws.cylindrical import cylindrical_law
from pkan_control.control.laws.kinematics import KinematicsLaw, kinematics_law
from pkan_control.control.laws.law import HasArm, Law
from pkan_control.robots.arm import Arm, load_arm
from pkan_control.robots.kinematics import forward

SPLITS = ('kinematics', 'cylindrical')
DEFAULT = 'panda'
# Range of postures around rest: of the first joint and other revolute ones in rad, of prismatic
# ones as a share of their limits. A law is made for this range and a margin.
FIRST_RAD, OTHER_RAD, SLIDE, MARGIN = 1.2, 0.5, 0.3, 0.15
# Lowest goal of the tool.
LOWEST_M = 0.1
DRAWS = 256


@dataclass(frozen=True)
class ArmTask:
    """A task of an arm, by default a Franka Panda with the split `kinematics`."""

    given_arm: Arm | None = None
    split: str = 'kinematics'
    given_law: HasArm | None = None

    world = 'bullet_arm'
    rate_hz = 60.0
    moving = False
    grasps = False
    # Gain from an error of the tool to its velocity, in 1/s.
    gain = 6.0

    @cached_property
    def arm(self) -> Arm:
        """The arm."""
        return load_arm(DEFAULT) if self.given_arm is None else self.given_arm

    @cached_property
    def law(self) -> HasArm:
        """The law of the split."""
        if self.given_law is not None:
            return self.given_law
        half = spread(self.arm) + MARGIN
        law = replace(
            _law(self.arm, tuple(half), self.rate_hz, self.moving, self.grasps), gain=self.gain
        )
        return law if self.split == 'kinematics' else cylindrical_law(law)

    def with_arm(self, arm: Arm) -> Self:
        """Return the same task for another arm."""
        return replace(self, given_arm=arm, given_law=None)

    def with_split(self, split: str) -> Self:
        """Return the same task with another part of it left to the network."""
        if split not in SPLITS:
            raise unknown('split', split, SPLITS)
        return replace(self, split=split, given_law=None)

    def with_law(self, law: Law) -> Self:
        """Return the same task for the arm and the split of a controller."""
        if not isinstance(law, HasArm):
            raise UserError(f'law {law.name}: is not a law of an arm')
        if (law.moving, law.grasps) != (self.moving, self.grasps):
            raise UserError(f'law {law.name}: its goals are not those of this task')
        return replace(self, given_arm=law.arm, split=law.name, given_law=law)

    def postures(self, generator: np.random.Generator, count: int, share: float) -> Floats:
        """Draw joint positions `[count, n]` from a share of the range of postures around rest."""
        half = share * spread(self.arm)
        away = generator.uniform(-1, 1, (count, len(half))) * half
        margin = 0.05 * (self.arm.high - self.arm.low)
        drawn: Floats = np.clip(
            np.array(self.rest) + away, self.arm.low + margin, self.arm.high - margin
        )
        return drawn

    @property
    def rest(self) -> tuple[float, ...]:
        """Posture at the centre of the range, `[n]`."""
        return self.arm.home

    def points(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw points `[count, 3]` in m above the floor that the tool can reach."""
        found: list[Floats] = []
        for _ in range(DRAWS):
            drawn = forward(self.arm, self.postures(generator, count, 1.0))[:, :3, 3]
            found += list(drawn[drawn[:, 2] > LOWEST_M])
            if len(found) >= count:
                return np.array(found[:count])
        raise UserError(f'arm {self.arm.name}: its tool is almost never above {LOWEST_M} m')

    def at_rest(self, postures: Floats) -> Floats:
        """Return the states `[..., 2 n]` of joints at rest."""
        return np.concatenate([postures, 0 * postures], axis=-1)

    def training_starts(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw states `[count, 2 n]` from 1.2 times the range of postures."""
        return self.at_rest(self.postures(generator, count, 1.2))

    def goal_observation(self) -> Floats:
        """Return the observation of an arm at rest at its goal."""
        return np.array([signal.offset for signal in self.law.observation.signals])

    def expert(self, observation: Array) -> Array:
        """Return the exact action of the split: entries of the inverse, or joint velocities."""
        return self.law.exact(observation)

    def position(self, states: Floats) -> Floats:
        """Return the position of the tool, `[..., 3]` in m, in states `[..., 2 n]`."""
        found: Floats = forward(self.arm, states[..., : len(self.arm.joints)])[..., :3, 3]
        return found

    def failed(self, state: Floats, goal: Floats) -> bool:
        """Return False: an arm can always recover."""
        return False


def spread(arm: Arm) -> Floats:
    """Return the range of each joint around the posture of rest, `[n]` in rad or m."""
    turning = [FIRST_RAD] + [OTHER_RAD] * (len(arm.joints) - 1)
    return np.array(
        [
            far if joint.turns else SLIDE * (joint.upper - joint.lower)
            for joint, far in zip(arm.joints, turning, strict=True)
        ]
    )


@lru_cache(maxsize=8)
def _law(
    arm: Arm, half: tuple[float, ...], rate_hz: float, moving: bool, grasps: bool
) -> KinematicsLaw:
    return kinematics_law(arm, np.array(half), rate_hz, moving=moving, grasps=grasps)
