"""The arm's law `kinematics`: the network is the arm's differential inverse kinematics.

It maps joint positions to entries of the damped pseudo-inverse of the Jacobian, in the frame that
turns with the first joint, so that this joint's position is not needed. The law multiplies the
matrix by the wanted twist. Errors of the network bend the path of the tool, but not its end, where
the twist is zero. Entries that are constant or zero in all postures are parameters of the law.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pkan_control.common.arrays import Array, Floats, constant, namespace
from pkan_control.common.seeding import stream
from pkan_control.control.laws.arm import TWIST, ArmLaw, ArmMemory, seen_joints
from pkan_control.control.signals import Signal, Terms
from pkan_control.robots.arm import Arm
from pkan_control.robots.kinematics import damped_inverse, jacobian

# Damping in m (Nakamura and Hanafusa, 1986), and the least deviation of an entry that varies.
DAMPING, CONSTANT = 0.05, 1e-3
# Controlled components of a twist: of a point, and of a tool that is kept pointing down.
PLACE, DOWN = (0, 1, 2), (0, 1, 2, 4, 5)
SAMPLES = 1000


@dataclass(frozen=True)
class Entry:
    """An entry of the inverse, for a joint and a component of the twist.

    Its value is `offset + scale * output` of the network, or the offset where the scale is 0, in
    joint velocity per unit of the component.
    """

    joint: int
    component: int
    offset: float
    scale: float


@dataclass(frozen=True)
class KinematicsLaw(ArmLaw):
    """Parameters of the law.

    `inputs` are the observed joints, each with the centre and half of its range; `held` joints
    are kept at a position; both in rad or m.
    """

    inputs: tuple[tuple[int, float, float], ...] = ()
    entries: tuple[Entry, ...] = ()
    held: tuple[tuple[int, float], ...] = ()

    name = 'kinematics'

    def __post_init__(self) -> None:
        """Convert entries from JSON; raise a `ValueError` for joints that the arm lacks."""
        entries = tuple(e if isinstance(e, Entry) else Entry(**e) for e in self.entries)
        object.__setattr__(self, 'entries', entries)
        for name in ('inputs', 'held'):
            object.__setattr__(self, name, tuple(map(tuple, getattr(self, name))))
        super().__post_init__()
        joints = [e.joint for e in entries] + [i for i, *_ in (*self.inputs, *self.held)]
        if not self.inputs or not all(0 <= joint < len(self.arm.joints) for joint in joints):
            raise ValueError('inputs, entries and held: must name joints of the arm')
        if not all(0 <= entry.component < len(TWIST) for entry in entries):
            raise ValueError('entries: a twist has six components')

    @cached_property
    def observation(self) -> Terms:
        """Positions of the joints on which the entries depend."""
        joints = self.arm.joints
        return Terms(
            [
                Signal(joints[i].name, 'rad' if joints[i].turns else 'm', '', half, centre)
                for i, centre, half in self.inputs
            ]
        )

    @cached_property
    def output(self) -> Terms:
        """The entries that vary: joint velocity per component of the twist."""
        names = [axis.rsplit('_', 2)[0] for axis in TWIST]
        return Terms([self._output(entry, names[entry.component]) for entry in self.varying])

    def _output(self, entry: Entry, axis: str) -> Signal:
        joint = self.arm.joints[entry.joint]
        of, by = ('rad' if joint.turns else 'm'), ('m' if entry.component < 3 else 'rad')
        name, scale = f'{joint.name}_for_{axis}', entry.scale
        return Signal(name, f'{of}/{by}', 'base_turned', scale, entry.offset)

    @cached_property
    def varying(self) -> tuple[Entry, ...]:
        """Entries that the network gives, in the order of its outputs."""
        return tuple(entry for entry in self.entries if entry.scale > 0)

    @cached_property
    def _places(self) -> tuple[Floats, Floats]:
        """Matrix `[outputs, n 6]` from outputs to entries, and the constant entries `[n 6]`."""
        count = len(self.arm.joints)
        put, fixed = np.zeros((len(self.varying), count * 6)), np.zeros(count * 6)
        for row, entry in enumerate(self.varying):
            put[row, entry.joint * 6 + entry.component] = 1.0
        for entry in self.entries:
            if entry.scale == 0:
                fixed[entry.joint * 6 + entry.component] = entry.offset
        return put, fixed

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the memory with the wanted twist, and the observed joint positions."""
        memory = self.remember(memory, self.twist(state, goal), goal)
        return memory, seen_joints(state, self.inputs)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the memory and joint velocities for the entries of the inverse."""
        velocity = (self.matrix(action) @ memory[..., ArmMemory.twist, None])[..., 0]
        if self.held:
            velocity = velocity + self._held_back(state)
        return self.limited(memory, state, velocity)

    def matrix(self, action: Array) -> Array:
        """Return the inverse `[..., n, 6]` with the entries `[..., outputs]`."""
        xp = namespace(action)
        put, fixed = (constant(part, action) for part in self._places)
        flat = action @ put + fixed
        return xp.reshape(flat, (*action.shape[:-1], len(self.arm.joints), 6))

    def _held_back(self, state: Array) -> Array:
        xp = namespace(state)
        count = len(self.arm.joints)
        held, place = np.zeros(count), np.zeros(count)
        for joint, at in self.held:
            held[joint], place[joint] = self.approach, at
        held, place = (xp.asarray(part, dtype=state.dtype) for part in (held, place))
        return held * (place - state[..., :count])

    def exact(self, observation: Array) -> Array:
        """Return the exact entries `[..., outputs]` for observed joints: the expert."""
        xp = namespace(observation)
        inverse = self._inverse(self._posture(observation))
        return xp.stack([inverse[..., e.joint, e.component] for e in self.varying], axis=-1)

    def _posture(self, observation: Array) -> Array:
        """Return joint positions `[..., n]`: observed ones, held ones at their place, others 0."""
        xp = namespace(observation)
        rest = dict(self.held)
        shape = observation[..., 0]
        columns = [0 * shape + rest.get(i, 0.0) for i in range(len(self.arm.joints))]
        for place, (joint, *_) in enumerate(self.inputs):
            columns[joint] = observation[..., place]
        return xp.stack(columns, axis=-1)

    def _inverse(self, q: Array) -> Array:
        return inverse_of(self.arm, q, self.grasps, tuple(joint for joint, _ in self.held))


def inverse_of(arm: Arm, q: Array, down: bool, held: tuple[int, ...]) -> Array:
    """Return the damped inverse `[..., n, 6]` at positions `[..., n]`, 0 for held joints."""
    xp = namespace(q)
    controlled = DOWN if down else PLACE
    free = np.ones(len(arm.joints))
    free[list(held)] = 0.0
    rows = jacobian(arm, q) * xp.asarray(free, dtype=q.dtype)
    inverse = damped_inverse(xp.stack([rows[..., i, :] for i in controlled], axis=-2), DAMPING)
    column = 0 * inverse[..., 0]
    placed = {axis: inverse[..., i] for i, axis in enumerate(controlled)}
    return xp.stack([placed.get(axis, column) for axis in range(6)], axis=-1)


def kinematics_law(
    arm: Arm, half: Floats, rate_hz: float, *, moving: bool = False, grasps: bool = False
) -> KinematicsLaw:
    """Return the law of an arm that works within +-`half` `[n]` of its rest posture.

    Postures in that range determine which entries vary and on which joints they depend.
    """
    gripper = arm.gripper if grasps else None
    rest = np.array(gripper.down if gripper else arm.home)
    held_joints = [arm.names.index(name) for name in (gripper.held if gripper else ())]
    held = tuple((joint, float(rest[joint])) for joint in held_joints)
    still = tuple(joint for joint, _ in held)
    low, high = np.maximum(rest - half, arm.low), np.minimum(rest + half, arm.high)
    draw = stream(0, 'postures').uniform(low, high, (SAMPLES, len(arm.joints)))
    draw[:, 0] = 0.0
    draw[:, list(still)] = rest[list(still)]
    inverse = inverse_of(arm, draw, grasps, still)
    inputs = tuple(
        (joint, _round((low[joint] + high[joint]) / 2), _round((high[joint] - low[joint]) / 2))
        for joint in range(1, len(arm.joints))
        if joint not in still and _matters(arm, draw, joint, grasps, still)
    )
    entries = tuple(
        entry
        for joint in range(len(arm.joints))
        for axis in range(6)
        if (entry := _entry(joint, axis, inverse[:, joint, axis])) is not None
    )
    return KinematicsLaw(arm, rate_hz, moving, grasps, inputs=inputs, entries=entries, held=held)


def _entry(joint: int, axis: int, values: Floats) -> Entry | None:
    """Return an entry from its values in many postures, or None for zero in all."""
    spread = float(values.std())
    if spread < CONSTANT:
        mean = _round(float(values.mean()))
        return Entry(joint, axis, mean, 0.0) if abs(mean) > CONSTANT else None
    return Entry(joint, axis, _round(float(np.median(values))), _round(2 * spread))


def _matters(arm: Arm, postures: Floats, joint: int, down: bool, held: tuple[int, ...]) -> bool:
    """Return whether the inverse depends on a joint."""
    other = postures.copy()
    other[:, joint] = postures[::-1, joint]
    change = inverse_of(arm, other, down, held) - inverse_of(arm, postures, down, held)
    return bool(np.abs(change).max() > CONSTANT)


def _round(value: float) -> float:
    """Return a number rounded to three digits, for the controller file."""
    return float(f'{value:.3g}')
