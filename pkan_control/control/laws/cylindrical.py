"""The arm's law `cylindrical`: joint positions and a wanted velocity to joint velocities.

The wanted velocity of the tool is given in the frame that turns with the first joint, so that this
joint's position is not needed. The network does more than in `kinematics`: the arm comes to rest
through it, too.
"""

from dataclasses import dataclass
from functools import cached_property

from pkan_control.common.arrays import Array, namespace
from pkan_control.control.laws.arm import ArmLaw, seen_joints
from pkan_control.control.laws.kinematics import KinematicsLaw, inverse_of
from pkan_control.control.signals import Signal, Terms

# Scale of the wanted velocity in m/s, and of joint velocities as a share of their limits.
SPEED, SHARE = 0.3, 0.4


@dataclass(frozen=True)
class CylindricalLaw(ArmLaw):
    """Parameters: observed joints with centre and half of their range, and moved joints."""

    inputs: tuple[tuple[int, float, float], ...] = ()
    moved: tuple[int, ...] = ()

    name = 'cylindrical'

    def __post_init__(self) -> None:
        """Raise a `ValueError` for a law with a gripper, and for joints that the arm lacks."""
        object.__setattr__(self, 'inputs', tuple(map(tuple, self.inputs)))
        super().__post_init__()
        if self.grasps:
            raise ValueError(
                'law cylindrical: does not orient the tool of a gripper; use law kinematics'
            )
        joints = [*self.moved, *(i for i, *_ in self.inputs)]
        if not self.moved or not all(0 <= joint < len(self.arm.joints) for joint in joints):
            raise ValueError('inputs and moved: must name joints of the arm')

    @cached_property
    def observation(self) -> Terms:
        """Joint positions, and the wanted velocity of the tool."""
        joints = self.arm.joints
        return Terms(
            [
                *(
                    Signal(joints[i].name, 'rad' if joints[i].turns else 'm', '', half, centre)
                    for i, centre, half in self.inputs
                ),
                *(Signal(f'wanted_{axis}', 'm/s', 'base_turned', SPEED) for axis in 'xyz'),
            ]
        )

    @cached_property
    def output(self) -> Terms:
        """Joint velocities."""
        joints = self.arm.joints
        return Terms(
            [Signal(joints[i].name, 'rad/s', '', SHARE * joints[i].velocity) for i in self.moved]
        )

    def exact(self, observation: Array) -> Array:
        """Return the velocities of the moved joints that the damped inverse gives."""
        xp = namespace(observation)
        columns = [0 * observation[..., 0]] * len(self.arm.joints)
        for place, (joint, *_) in enumerate(self.inputs):
            columns[joint] = observation[..., place]
        inverse = inverse_of(self.arm, xp.stack(columns, axis=-1), False, ())[..., :3]
        velocity = (inverse @ observation[..., -3:, None])[..., 0]
        return xp.stack([velocity[..., joint] for joint in self.moved], axis=-1)

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the memory, and joint positions and wanted velocity."""
        xp = namespace(state)
        twist = self.twist(state, goal)
        memory = self.remember(memory, twist, goal)
        joints = seen_joints(state, self.inputs)
        return memory, xp.concat([joints, twist[..., :3]], axis=-1)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the memory and the command for velocities of the moved joints."""
        xp = namespace(action)
        rest = 0 * action[..., 0]
        columns = [rest] * len(self.arm.joints)
        for place, joint in enumerate(self.moved):
            columns[joint] = action[..., place]
        return self.limited(memory, state, xp.stack(columns, axis=-1))


def cylindrical_law(law: KinematicsLaw) -> CylindricalLaw:
    """Return the law with the observed and moved joints of a law `kinematics`."""
    moved = tuple(sorted({entry.joint for entry in law.entries}))
    return CylindricalLaw(
        law.arm, law.rate_hz, law.moving, gain=law.gain, inputs=law.inputs, moved=moved
    )
