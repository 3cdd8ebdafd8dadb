"""What every law is: pure functions from state to observation, and from outputs to command."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pkan_control.common.arrays import Array, Floats
from pkan_control.control.signals import Terms
from pkan_control.robots.arm import Arm
from pkan_control.robots.car import Car
from pkan_control.robots.quadrotor import Airframe


class Law(Protocol):
    """The arithmetic around a network; memory (an integrator, say) is passed in and returned.

    All arrays may have leading batch axes and come from NumPy or torch.
    """

    @property
    def name(self) -> str:
        """Name in controller files."""

    @property
    def rate_hz(self) -> float:
        """Rate at which it is called."""

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the numbers of a state, in order."""

    @property
    def goal_names(self) -> tuple[str, ...]:
        """Names of the numbers of a set-point, in order."""

    @property
    def observation(self) -> Terms:
        """What the network sees."""

    @property
    def output(self) -> Terms:
        """What the network's outputs mean."""

    @property
    def command(self) -> Terms:
        """What goes to the actuators, in order; `scale` is half of the range around `offset`."""

    def start(self, state: Array) -> Array:
        """Return the memory at the begin of an episode, for a batch like `state`'s."""

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the new memory and the values of the observation terms, in their units."""

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the new memory and the command for an action in the output terms' units."""

    def hold(self, state: Floats) -> Floats | None:
        """Return the goal `[g]` at which a robot stays; None where only the safe command does."""

    def safe_command(self) -> Floats:
        """Return the command that is sent when control ends."""

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""


@runtime_checkable
class Invertible(Law, Protocol):
    """A law that tells from a command which action led to it, so that one can learn from it."""

    def action_for(self, memory: Array, state: Array, command: Array) -> Array:
        """Return the action for which `act` gives that command; the memory is `observe`'s."""


@runtime_checkable
class Switchable(Law, Protocol):
    """A law with an outer loop around the network, whose parts can be switched off."""

    def switched_off(self, part: str) -> Law:
        """Return the law without that part, or without any for `all`."""


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
        """Return the action that is right for an observation, both in the terms' units."""
