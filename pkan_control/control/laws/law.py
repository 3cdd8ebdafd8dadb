"""The law protocol: pure functions from state to observation, and from outputs to command."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pkan_control.common.arrays import Array, Floats
from pkan_control.control.signals import Terms
from pkan_control.robots.arm import Arm
from pkan_control.robots.car import Car
from pkan_control.robots.quadrotor import Airframe


class Law(Protocol):
    """The fixed arithmetic around a network.

    A law has no state of its own: its memory (an integrator, for example) is passed in and
    returned. Arrays may have leading batch axes and come from NumPy or torch.
    """

    @property
    def name(self) -> str:
        """Name in controller files."""

    @property
    def rate_hz(self) -> float:
        """Control rate in Hz."""

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the values of a state, in order, each with its unit."""

    @property
    def goal_names(self) -> tuple[str, ...]:
        """Names of the values of a goal, in order, each with its unit."""

    @property
    def observation(self) -> Terms:
        """Terms of the observation, the inputs of the network."""

    @property
    def output(self) -> Terms:
        """Terms of the action, the outputs of the network."""

    @property
    def command(self) -> Terms:
        """Terms of the command to the actuators; its range is `offset +- scale`."""

    def start(self, state: Array) -> Array:
        """Return the memory `[..., m]` at the start of an episode, for a state `[..., n]`."""

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the new memory and the observation `[..., n_in]`, in the units of its terms."""

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the new memory and the command for an action `[..., n_out]`, all in units."""

    def hold(self, state: Floats) -> Floats | None:
        """Return the goal `[g]` that holds the robot where it is; None: send the safe command."""

    def safe_command(self) -> Floats:
        """Return the command `[m]` that is sent when control ends."""

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""


@runtime_checkable
class Invertible(Law, Protocol):
    """A law whose action can be computed from a command, for learning from recordings."""

    def action_for(self, memory: Array, state: Array, command: Array) -> Array:
        """Return the action for which `act` gives a command; the memory is that of `observe`."""


@runtime_checkable
class Switchable(Law, Protocol):
    """A law with an outer loop around the network, whose parts can be switched off."""

    def switched_off(self, part: str) -> Law:
        """Return the law without a part, or without any part for `all`."""


@dataclass(frozen=True)
class Symmetry:
    """Signs, 1 or -1, by which a symmetry of the robot multiplies observation and output terms.

    A term whose sign changes has no offset, so that the signs hold for normalised values, too.
    """

    observation: tuple[float, ...]
    output: tuple[float, ...]


@runtime_checkable
class Symmetric(Law, Protocol):
    """A law of a robot with a symmetry, over which the network's outputs can be averaged."""

    @property
    def symmetry(self) -> Symmetry | None:
        """The symmetry that is averaged over; None for a single evaluation."""


@runtime_checkable
class HasAirframe(Law, Protocol):
    """A law of a quadrotor: its command is rotor speeds."""

    @property
    def airframe(self) -> Airframe:
        """The quadrotor."""

    def with_airframe(self, airframe: Airframe) -> Law:
        """Return the same law for another quadrotor."""


@runtime_checkable
class HasCar(Law, Protocol):
    """A law of a car: its command is a steering angle and a speed."""

    @property
    def car(self) -> Car:
        """The car."""


@runtime_checkable
class HasArm(Law, Protocol):
    """A law of an arm: its state is positions and velocities of the joints, its command theirs."""

    @property
    def arm(self) -> Arm:
        """The arm."""

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names of all joints that are commanded, in order: the arm's, then the gripper's."""

    @property
    def moving(self) -> bool:
        """Whether a goal has a velocity."""

    @property
    def grasps(self) -> bool:
        """Whether the gripper is commanded."""

    def with_arm(self, arm: Arm) -> Law:
        """Return the same law for an arm of the same kinematics, driven or limited otherwise."""

    def exact(self, observation: Array) -> Array:
        """Return the exact action for an observation, both in the units of their terms."""
