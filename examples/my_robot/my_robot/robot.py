"""The robot: the law around its network, and its world, `x'' = -5/7 g sin(tilt)`."""

from dataclasses import dataclass

from pkan_control.common.arrays import Array, namespace
from pkan_control.control.laws.direct import DirectLaw
from pkan_control.control.signals import Signal, Terms
from pkan_control.sim.disturbances import value_at
from pkan_control.sim.effects import LINK, Effect, Effects
from pkan_control.sim.world import World

ROLLING, SUBSTEPS = 5 / 7 * 9.81, 8
# What the section `ball_on_beam` of a scenario file may hold.
EFFECTS = {'slope_rad': Effect('slope of the bench', 'rad', -0.1, 0.1), **LINK}


@dataclass(frozen=True)
class BeamLaw(DirectLaw):
    """A goal `[..., 1]` is a place in m, and the command `[..., 1]` the beam's rate in rad/s."""

    rate_hz: float = 25.0
    name = 'beam'
    # Over ROS these are positions and velocities of a sensor_msgs/JointState, by name.
    state_names = ('ball_position', 'ball_velocity', 'beam_position')
    goal_names = ('ball_m',)
    # Name, unit, frame, and the scale by which the network sees it.
    observation = Terms(
        [
            Signal('error', 'm', 'beam', 0.4),
            Signal('speed', 'm/s', 'beam', 0.6),
            Signal('tilt', 'rad', 'beam', 0.3),
        ]
    )
    output = Terms([Signal('rate', 'rad/s', 'beam', 2.0)])
    command = Terms([Signal('beam', 'rad/s', '', 3.0, 0.0, 1.0)])

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the way to the goal, the speed of the ball, and the tilt."""
        return memory, namespace(state).concat([goal - state[..., :1], state[..., 1:]], axis=-1)


class BallOnBeam:
    """Balls `[..., 3]`, one or many: place in m, speed in m/s, tilt of the beam in rad."""

    def __init__(self, law: object, rate_hz: float, effects: Effects) -> None:
        """Make a simulation that takes commands at a rate in Hz."""
        self._period, self._effects = 1 / rate_hz, effects

    def reset(self, state: Array, generator: object) -> Array:
        """Put all into a state; a random disturbance would be drawn from the generator."""
        self._step, self._state = 0, state
        return state

    def step(self, command: Array) -> Array:
        """Turn the beam at a rate `[..., 1]` in rad/s for one control period."""
        slope = value_at(self._effects, 'slope_rad', 0.0, self._step * self._period)
        ball, speed, tilt = (self._state[..., i] for i in range(3))
        xp, dt = namespace(command), self._period / SUBSTEPS
        for _ in range(SUBSTEPS):
            tilt = tilt + dt * command[..., 0]
            speed = speed - dt * ROLLING * xp.sin(tilt + slope)
            ball = ball + dt * speed
        self._step, self._state = self._step + 1, xp.stack([ball, speed, tilt], axis=-1)
        return self._state

    def close(self) -> None:
        """Release nothing."""


# `batched`: a simulation takes many balls, so that it serves training and studies, too.
ball_on_beam = World('ball_on_beam', BallOnBeam, study=BallOnBeam, batched=True, effects=EFFECTS)
