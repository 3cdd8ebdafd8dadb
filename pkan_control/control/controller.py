"""The controller: a law and an evaluator of its network, from state and goal to command."""

from collections import deque
from time import perf_counter_ns
from typing import Literal, Protocol, get_args

import numpy as np

from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.chips.chip import Chip
from pkan_control.chips.twin import TwinChip
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, unknown
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.laws.law import Law
from pkan_control.control.symmetry import evaluations, symmetrised
from pkan_control.networks.policy import chip_program
from pkan_control.networks.program import squash


class Evaluator(Protocol):
    """Computes a law's outputs: a network on a chip, an MLP, an expert."""

    def begin(self, episode: int) -> None:
        """Start an episode."""

    def __call__(self, observation: Floats, time_s: float) -> Floats:
        """Return outputs `[n_out]`, normalised, for an observation in the law's units."""


OnLinkLost = Literal['safe', 'twin']

# Number of inputs of the network that are kept: a calibration fits trims to them.
RECENT_INPUTS = 2000


class OnChip:
    """Evaluates a network on a chip; `recent_inputs` holds its latest inputs, each in [0, 1]."""

    def __init__(
        self, controller_file: ControllerFile, chip: Chip, calibration: Calibration | None = None
    ) -> None:
        """Load the program, apply the trims of the calibration, and arm the chip.

        Raises a `UserError` for a network that needs no chip, a chip slower than the control
        period, and a calibration of another chip or program.
        """
        program = chip_program(controller_file.policy, 'load')
        chip.program(program)
        if calibration is not None:
            calibration.apply(chip, program)
        times, period = evaluations(controller_file.law), 1 / controller_file.rate_hz
        latency = times * chip.identity.latency_s
        if latency > period:
            raise UserError(
                f'chip {chip.identity.uid} needs {latency * 1e3:.1f} ms for this network: '
                f'the control period is {period * 1e3:.1f} ms'
            )
        self._chip, self._outputs = chip, program.shape[-1]
        self.calibration = calibration
        self.arm()
        self._terms = controller_file.law.observation
        self._scale = program.squash_scale
        self._deadline_s = period / times
        self._network = symmetrised(controller_file.law, self._evaluate)
        self.recent_inputs: deque[Floats] = deque(maxlen=RECENT_INPUTS)

    def arm(self) -> None:
        """Arm the chip, with outputs of 0 as its safe action."""
        self._chip.arm(np.zeros(self._outputs))

    def give_up(self, why: str) -> None:
        """Let the chip go safe during an episode."""
        self._chip.give_up(why)

    def begin(self, episode: int) -> None:
        """Start an episode on the chip."""
        self._chip.begin(episode)

    def __call__(self, observation: Floats, time_s: float) -> Floats:
        """Evaluate on the chip."""
        outputs: Floats = self._network(self._terms.normalise(observation), time_s)
        return outputs

    def _evaluate(self, observation: Floats, time_s: float) -> Floats:
        x = squash(observation, self._scale)
        self.recent_inputs.append(x)
        return self._chip.evaluate(x, time_s, self._deadline_s)


class Digital:
    """Evaluates a network that needs no chip, in floating point."""

    def __init__(self, controller_file: ControllerFile) -> None:
        """Take the network; raise a `UserError` for one that needs a chip."""
        if controller_file.policy.chip_program is not None:
            raise UserError(f'{controller_file.policy.title} needs a chip')
        self._network = symmetrised(controller_file.law, controller_file.policy.evaluate)
        self._terms = controller_file.law.observation

    def begin(self, episode: int) -> None:
        """Do nothing: nothing depends on the episode."""

    def __call__(self, observation: Floats, time_s: float) -> Floats:
        """Evaluate the network."""
        outputs: Floats = self._network(self._terms.normalise(observation))
        return outputs


class Controller:
    """Runs a law around an evaluator; its only state is the law's memory.

    A chip may have a twin in software, which takes over when the chip is lost, until it is armed
    again.
    """

    def __init__(self, law: Law, evaluator: Evaluator, twin: Evaluator | None = None) -> None:
        """Create a controller; call `reset` before the first step."""
        self._law = law
        self.evaluator = evaluator
        self._twin = twin
        self.on_twin = False
        self._memory: Floats | None = None
        self.inference_ns = 0

    def reset(self, episode: int) -> None:
        """Clear the memory: an episode starts, or time jumped."""
        self._memory = None
        self.evaluator.begin(episode)

    def lose(self, why: str) -> bool:
        """Give the chip up and run on its twin; return False where there is none."""
        if self._twin is None or self.on_twin:
            return False
        self.on_twin = True
        if isinstance(self.evaluator, OnChip):
            self.evaluator.give_up(why)
        return True

    def arm(self) -> None:
        """Arm the chip and leave its twin; raise a `UserError` where the chip refuses."""
        if isinstance(self.evaluator, OnChip):
            self.evaluator.arm()
        self.on_twin = False

    def step(self, state: Floats, goal: Floats, time_s: float) -> Floats:
        """Return the command `[m]` for a state `[n]` and a goal `[g]`, at a time in s.

        Units and order are those of the law's `command`, `state_names` and `goal_names`.
        """
        law = self._law
        memory = law.start(state) if self._memory is None else self._memory
        memory, observation = law.observe(memory, state, goal)
        begin = perf_counter_ns()
        evaluator = self._twin if self._twin and self.on_twin else self.evaluator
        outputs = evaluator(observation, time_s)
        self.inference_ns = perf_counter_ns() - begin
        command: Floats
        self._memory, command = law.act(memory, state, law.output.denormalise(outputs))
        return command


def make_controller(
    controller_file: ControllerFile,
    chip: Chip,
    calibration: Calibration | None = None,
    on_link_lost: OnLinkLost = 'safe',
) -> Controller:
    """Return the controller of a file; a network that needs no chip runs without it.

    After the loss of the chip, commands are safe, or come from the twin of its calibration.
    Raises a `UserError` for what `OnChip` refuses, and for a twin without a calibration.
    """
    if on_link_lost not in get_args(OnLinkLost):
        raise unknown('on_link_lost', on_link_lost, get_args(OnLinkLost))
    if controller_file.policy.chip_program is None:
        return Controller(controller_file.law, Digital(controller_file))
    network = OnChip(controller_file, chip, calibration)
    if on_link_lost == 'safe':
        return Controller(controller_file.law, network)
    if calibration is None:
        raise UserError('on_link_lost twin: needs a calibration, which holds the twin of the chip')
    twin = OnChip(controller_file, TwinChip(chip.identity.uid, calibration.twin), calibration)
    return Controller(controller_file.law, network, twin)
