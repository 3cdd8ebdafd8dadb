"""`load_controller`: a controller on its chip, ready to turn states into commands."""

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from pkan_control.chips.calibration.calibration import load_calibration
from pkan_control.chips.chip import Chip
from pkan_control.chips.uri import open_chip
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.controller import Controller, make_controller
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.laws.law import HasAirframe
from pkan_control.evaluation.controllers import ControllerSource, find_controller
from pkan_control.evaluation.guarded_controller import GuardedController
from pkan_control.robots.quadrotor import load_airframe


class LoadedController:
    """A controller on its chip, behind the guard; a context manager that releases the chip.

    Attributes:
        task: name of the task that it was trained for
        rate_hz: control rate; call `step` once in each period
        state_names: names of the numbers of a state, in order; each ends in its unit
        goal_names: names of the numbers of a goal
        command_names: names of the numbers of a command
    """

    def __init__(self, file: ControllerFile, chip: Chip, controller: Controller) -> None:
        """Take the controller of a file, which is loaded on a chip."""
        law = file.law
        self.task, self.rate_hz = file.task, file.rate_hz
        self.state_names, self.goal_names = law.state_names, law.goal_names
        self.command_names = law.command.names
        self._law_name, self._chip = law.name, chip
        self._guarded = GuardedController(law, controller)
        self._closed = False
        self.reset()

    def reset(self, episode: int = 0) -> None:
        """Begin an episode.

        The law's memory is cleared. The noise of a simulated chip follows from the chip's seed and
        the number of the episode.

        Raises:
            UserError: the controller is closed, or the episode is not a whole number from 0
        """
        self._check_open()
        if isinstance(episode, bool) or not isinstance(episode, int | np.integer) or episode < 0:
            raise UserError(f'episode {episode!r}: must be a whole number from 0')
        self._guarded.reset(int(episode))

    def step(self, state: ArrayLike, goal: ArrayLike, time_s: float) -> Floats:
        """Return the command for a state and a goal: one control period.

        Args:
            state: true or estimated state `[n]`, in the order and the units of `state_names`;
                positions are in the world frame (ENU), velocities of a body in its own (FLU)
            goal: set-point `[g]`, in the order and the units of `goal_names`
            time_s: time since the episode began, in s; a rollout's first step is at `1 / rate_hz`

        Returns:
            The command `[m]`, in the order and the units of `command_names`, finite and within
            the limits of the actuators.

        Raises:
            UserError: a wrong number of values, a value that is not finite, a closed controller
        """
        self._check_open()
        if not np.isfinite(time_s):
            raise UserError(f'time_s={time_s}: must be finite')
        seen = self._numbers('state', state, self.state_names)
        wanted = self._numbers('goal', goal, self.goal_names)
        return self._guarded.step(seen, wanted, float(time_s)).copy()

    def _numbers(self, what: str, values: ArrayLike, names: tuple[str, ...]) -> Floats:
        needs = f'the {self._law_name} law needs {len(names)}: {", ".join(names)}'
        try:
            numbers: Floats = np.array(values, dtype=np.float64)
        except (TypeError, ValueError):
            raise UserError(f'{what} is not an array of numbers; {needs}') from None
        if numbers.shape != (len(names),):
            flat = numbers.ndim == 1
            has = f'{numbers.size} numbers' if flat else f'shape {numbers.shape}'
            raise UserError(f'{what} has {has}; {needs}')
        if not np.isfinite(numbers).all():
            place = int(np.flatnonzero(~np.isfinite(numbers))[0])
            raise UserError(f'{what}: {names[place]} is {numbers[place]}; it must be finite')
        return numbers

    def _check_open(self) -> None:
        if self._closed:
            raise UserError('the controller is closed: load it again')

    def close(self) -> None:
        """Make the chip safe and release it; a second time does nothing."""
        if not self._closed:
            self._closed = True
            self._chip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def load_controller(
    controller: ControllerSource,
    chip: str = 'ideal:',
    airframe: str | Path | None = None,
    calibration: str | Path | None = None,
) -> LoadedController:
    """Load a controller on a chip, ready to `step`: law, network and guard as in a rollout.

    Args:
        controller: a shipped name such as `drone_hover`, the path of a controller file, or what
            `train` returned
        chip: URI of the chip: `ideal:`, `sim:?preset=typical&seed=3`, `tcp://HOST:PORT`,
            `serial:///dev/ttyACM0`
        airframe: for a drone's controller, another quadrotor: a shipped name or a YAML file
        calibration: calibration file of the chip

    Raises:
        UserError: an unknown name, a damaged file, a chip that cannot be opened, is too slow or is
            not the one of the calibration, an airframe for a robot that has none

    >>> import pkan_control as pk
    >>> with pk.load_controller('cartpole', chip='sim:?preset=typical&seed=3') as controller:
    ...     controller.reset(episode=0)
    ...     command = controller.step([0.1, 0.0, 0.05, 0.0], goal=[0.0], time_s=0.0)
    >>> controller.state_names
    ('cart_m', 'cart_m_s', 'pole_rad', 'pole_rad_s')
    >>> command.shape
    (1,)
    """
    file, _ = find_controller(controller)
    if airframe is not None:
        file = _with_airframe(file, airframe)
    trims = None if calibration is None else load_calibration(calibration)
    opened = open_chip(chip)
    try:
        return LoadedController(file, opened, make_controller(file, opened, trims))
    except BaseException:
        opened.close()
        raise


def _with_airframe(file: ControllerFile, airframe: str | Path) -> ControllerFile:
    if not isinstance(file.law, HasAirframe):
        raise UserError(f'airframe: the {file.law.name} law has none')
    return replace(file, law=file.law.with_airframe(load_airframe(str(airframe))))
