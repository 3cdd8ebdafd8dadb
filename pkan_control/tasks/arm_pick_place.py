"""`arm_pick_place`: grip a block, carry it, and put it down elsewhere.

The network moves the tool and keeps it pointing down. The sequence of goals and of openings of the
gripper is fixed, and the position of the block is known.
"""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.seeding import stream
from pkan_control.robots.arm import Arm
from pkan_control.robots.kinematics import forward
from pkan_control.tasks.arm_task import ArmTask
from pkan_control.tasks.task import Score

# Half of the edge of the block that ships with PyBullet.
HALF_M = 0.025
# Success: the mean distance of the block from its target over the last FINAL_S is below this.
TOLERANCE_M, FINAL_S = 0.02, 0.25
# Ranges of block and target around the resting tool: radially in m, in azimuth in rad; and the
# smallest distance between the two.
DEPTH_M, SIDE_RAD, APART_M = 0.07, 0.8, 0.15
# Height over the floor in m at which the tool travels.
ABOVE_M = 0.2
# Sequence: duration in s, where the tool goes, its height in m, whether the gripper is open.
SEQUENCE = (
    (1.5, 'block', ABOVE_M, True),
    (1.0, 'block', HALF_M, True),
    (0.6, 'block', HALF_M, False),
    (0.8, 'block', ABOVE_M, False),
    (1.8, 'place', ABOVE_M, False),
    (1.0, 'place', HALF_M, False),
    (0.5, 'place', HALF_M, True),
    (0.8, 'place', ABOVE_M, True),
)
# Starts of an episode, as a share of the range of postures around rest.
START = 0.2


@dataclass(frozen=True)
class ArmPickPlace(ArmTask):
    """Move a block with a Franka Panda, or with any arm that has a gripper.

    A state is joint positions and velocities, then the block's position in m and attitude
    (x, y, z, w).
    """

    name = 'arm_pick_place'
    moving = True
    grasps = True

    @property
    def steps(self) -> int:
        """Control steps of an episode: the sequence and half a second more."""
        return round((sum(step[0] for step in SEQUENCE) + 0.5) * self.rate_hz)

    @property
    def rest(self) -> tuple[float, ...]:
        """Posture in which the tool points down, `[n]`."""
        gripper = self.arm.gripper
        return gripper.down if gripper else self.arm.home

    @cached_property
    def _centre(self) -> tuple[float, float]:
        """Distance in m from the base's axis, and azimuth in rad, of the tool at rest."""
        x, y, _ = forward(self.arm, np.array(self.rest))[:3, 3]
        return math.hypot(x, y), math.atan2(y, x)

    def with_arm(self, arm: Arm) -> 'ArmPickPlace':
        """Return the same task for another arm; raise a `UserError` for one without a gripper."""
        if arm.gripper is None:
            raise UserError(f'{self.name}: arm {arm.name} has no gripper')
        return super().with_arm(arm)

    def with_split(self, split: str) -> 'ArmPickPlace':
        """Return the task itself; raise a `UserError` for any split but `kinematics`."""
        if split != 'kinematics':
            raise UserError(
                f'{self.name}: split {split!r} keeps no tool pointing down: allowed is kinematics'
            )
        return self

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state `[2 n + 7]` of the start of an episode."""
        joints = self._joints(stream(seed, 'start', episode), 1, START)[0]
        (radius, azimuth, yaw), _ = self._places(seed, episode)
        place = (*_point(radius, azimuth), HALF_M, 0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2))
        return np.concatenate([joints, place])

    def _joints(self, generator: np.random.Generator, count: int, share: float) -> Floats:
        """Draw states `[count, 2 n]` at rest, with held joints in place and the gripper open."""
        gripper = self.arm.gripper
        drawn = self.postures(generator, count, share)
        for name in gripper.held if gripper else ():
            drawn[:, self.arm.names.index(name)] = self.rest[self.arm.names.index(name)]
        fingers = np.full((count, 1), gripper.opened if gripper else 0.0)
        return self.at_rest(np.concatenate([drawn, fingers], axis=1))

    def _places(self, seed: int, episode: int) -> tuple[Floats, Floats]:
        """Draw radius in m, azimuth and yaw in rad of the block and of its target."""
        generator = stream(seed, 'block', episode)
        while True:
            one, other = self._drawn(generator, 2)
            if np.hypot(*(_point(*one[:2]) - _point(*other[:2]))) > APART_M:
                return one, other

    def _drawn(self, generator: np.random.Generator, count: int) -> Floats:
        radius, azimuth = self._centre
        drawn = [
            radius + DEPTH_M * generator.uniform(-1, 1, count),
            azimuth + SIDE_RAD * generator.uniform(-1, 1, count),
            math.pi / 4 * generator.uniform(-1, 1, count),
        ]
        return np.stack(drawn, axis=-1)

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return position in m, velocity in m/s, yaw in rad and opening, `[8]`."""
        goal: Floats = _goals(self, seed, episode)[step]
        return goal

    def way(self, seed: int, episode: int) -> Floats:
        """Return the goals `[steps + 1, 8]` of an episode: minimum-jerk segments.

        Between block and target the tool moves around the base, not in a straight line.
        """
        block, place = self._places(seed, episode)
        radius, azimuth = self._centre
        gripper = self.arm.gripper
        opened, closed = (gripper.opened, gripper.closed) if gripper else (0.0, 0.0)
        count = len(self.arm.joints)
        here = forward(self.arm, self.start(seed, episode)[:count])
        begin = (*_polar(here[:2, 3]), here[2, 3], math.atan2(here[1, 0], here[0, 0]))
        points, openings, ends = [np.array(begin)], [opened], [0.0]
        for seconds, where, height, is_open in SEQUENCE:
            radius, azimuth, yaw = block if where == 'block' else place
            points.append(np.array([radius, azimuth, height, yaw]))
            openings.append(opened if is_open else closed)
            ends.append(ends[-1] + seconds)
        times = np.arange(self.steps + 1) / self.rate_hz
        leg = np.clip(np.searchsorted(ends, times, side='right') - 1, 0, len(SEQUENCE) - 1)
        share = np.clip((times - np.array(ends)[leg]) / np.diff(ends)[leg], 0, 1)[:, None]
        smooth = share**3 * (10 - 15 * share + 6 * share**2)
        all_points = np.array(points)
        way = all_points[leg] + smooth * (all_points[leg + 1] - all_points[leg])
        place_m = np.stack(
            [way[:, 0] * np.cos(way[:, 1]), way[:, 0] * np.sin(way[:, 1]), way[:, 2]], axis=-1
        )
        speed = np.gradient(place_m, 1 / self.rate_hz, axis=0)
        wanted = np.array(openings)[leg + 1][:, None]
        return np.concatenate([place_m, speed, way[:, 3:], wanted], axis=-1)

    def training_starts(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw states `[count, 2 n]` of the joints over the whole range of postures."""
        return self._joints(generator, count, 1.0)

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Draw goals at rest `[steps, count, 8]`, from the floor up to the resting tool."""
        drawn = self._drawn(generator, count)
        top = float(forward(self.arm, np.array(self.rest))[2, 3])
        height = generator.uniform(HALF_M, max(top, ABOVE_M), count)
        x, y = drawn[:, 0] * np.cos(drawn[:, 1]), drawn[:, 0] * np.sin(drawn[:, 1])
        rest = 0 * x
        goals = np.stack([x, y, height, rest, rest, rest, drawn[:, 2], rest], axis=-1)
        return np.broadcast_to(goals, (steps, count, 8))

    def target(self, goals: Floats) -> Floats:
        """Return the target of the block, `[3]` in m: on the floor below the last goal."""
        return np.array([*goals[-1, :2], HALF_M])

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return minus the distance of the tool in m, and 1 more within the tolerance."""
        distance = float(np.linalg.norm(self.position(state) - goal[:3]))
        return -distance + (distance < TOLERANCE_M)

    def score(self, states: Floats, goals: Floats) -> Score:
        """Score by the final position of the block."""
        distance = np.linalg.norm(states[:, -7:-4] - self.target(goals), axis=1)
        final = float(distance[-round(FINAL_S * self.rate_hz) :].mean())
        height = float(states[:, -5].max()) - HALF_M
        return Score(final < TOLERANCE_M, {'block_error_m': final, 'lifted_m': height})


def _point(radius: float, azimuth: float) -> Floats:
    return np.array([radius * math.cos(azimuth), radius * math.sin(azimuth)])


def _polar(point: Floats) -> tuple[float, float]:
    return math.hypot(*point), math.atan2(point[1], point[0])


@lru_cache(maxsize=8)
def _goals(task: ArmPickPlace, seed: int, episode: int) -> Floats:
    return task.way(seed, episode)


arm_pick_place = ArmPickPlace()
