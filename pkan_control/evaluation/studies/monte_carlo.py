"""Many simulated chips run the same episodes of a task, in one batch where the world has one."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pkan_control.chips.population import Population
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.control.controller import Controller, OnChip
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.guard import CommandGuard
from pkan_control.control.symmetry import Network, symmetrised
from pkan_control.evaluation.rollouts.episode import NANOSECONDS, NO_DELAY, stamp_ns
from pkan_control.evaluation.rollouts.rollout import Plan, run_episode
from pkan_control.evaluation.rollouts.sensors import Sensors
from pkan_control.networks.policy import chip_program
from pkan_control.networks.program import Program, squash
from pkan_control.sim.world import StudySimulation, find_world, open_world
from pkan_control.tasks.task import Score


@dataclass(frozen=True)
class ChipScores:
    """Success `[chips, episodes]`, and each figure in the same shape."""

    success: NDArray[np.bool_]
    figures: dict[str, Floats]


def run_chips(
    plan: Plan, controller_file: ControllerFile, chips: Sequence[SimulatedChip]
) -> ChipScores:
    """Run all episodes of a plan on each chip, which holds the controller's program."""
    task, program = plan.task, chip_program(controller_file.policy, 'study')
    study = find_world(task.world).study
    if study is None:
        return _chip_scores([_one_by_one(plan, controller_file, chip) for chip in chips])
    population = Population(chips, program, plan.numbers)
    world = study(task.law, task.rate_hz, plan.effects)
    # The state of a robot out of control may overflow.
    with np.errstate(over='ignore', invalid='ignore'):
        states, goals = _all_at_once(plan, controller_file, program, population, len(chips), world)
        return _chip_scores(
            [
                [task.score(states[:, chip, i], goals[:, i]) for i in range(plan.episodes)]
                for chip in range(len(chips))
            ]
        )


def _chip_scores(scores: list[list[Score]]) -> ChipScores:
    success = np.array([[score.success for score in row] for row in scores])
    names = scores[0][0].figures
    return ChipScores(
        success,
        {name: np.array([[s.figures[name] for s in row] for row in scores]) for name in names},
    )


def _one_by_one(plan: Plan, controller_file: ControllerFile, chip: SimulatedChip) -> list[Score]:
    """Run the episodes of one chip in the task's own world."""
    task = plan.task
    controller = Controller(controller_file.law, OnChip(controller_file, chip))
    world = open_world(task.world, task.law, task.rate_hz, plan.effects)
    try:
        return [run_episode(plan, world, controller, number).score for number in plan.numbers]
    finally:
        world.close()


def _all_at_once(
    plan: Plan,
    controller_file: ControllerFile,
    program: Program,
    population: Population,
    chips: int,
    world: StudySimulation,
) -> tuple[Floats, Floats]:
    """Return states `[steps + 1, chips, episodes, n]` and goals `[steps + 1, episodes, g]`."""
    task, law, rate_hz = plan.task, controller_file.law, plan.task.rate_hz
    guard = CommandGuard(law.command)
    generators = [stream(plan.seed, 'disturbances', number) for number in plan.numbers]
    sensors = [
        Sensors(plan.effects, stream(plan.seed, 'sensors', number)) for number in plan.numbers
    ]
    goals = _goals(plan)
    starts = np.array([task.start(plan.seed, number) for number in plan.numbers])
    state = world.reset(np.broadcast_to(starts, (chips, *starts.shape)).copy(), generators)
    states, commands = [state], []
    network = _network(controller_file, program, population)
    memory = None
    for step in range(task.steps):
        seen = _seen(sensors, state, step / rate_hz)
        goal = np.broadcast_to(goals[step], (chips, *goals[step].shape))
        memory = law.start(seen) if memory is None else memory
        memory, values = law.observe(memory, seen, goal)
        time_s = stamp_ns(step, rate_hz) / NANOSECONDS
        outputs = network(law.observation.normalise(values), time_s)
        memory, command = law.act(memory, seen, law.output.denormalise(outputs))
        finite = np.isfinite(command).all(axis=-1, keepdims=True)
        limited = np.minimum(np.maximum(command, guard.low), guard.high)
        commands.append(np.where(finite, limited, law.safe_command()))
        state = world.step(_arrived(plan, commands, step))
        states.append(state)
    return np.array(states), goals


def _network(controller_file: ControllerFile, program: Program, population: Population) -> Network:
    """Return the network on all chips; each evaluation is the next step of their noise."""
    steps = itertools.count()

    def evaluate(observation: Floats, time_s: float) -> Floats:
        x = squash(observation, program.squash_scale)
        return population.evaluate(x, next(steps), time_s)

    return symmetrised(controller_file.law, evaluate)


def _goals(plan: Plan) -> Floats:
    steps = range(plan.task.steps + 1)
    return np.array(
        [[plan.task.goal(plan.seed, number, step) for number in plan.numbers] for step in steps]
    )


def _seen(sensors: list[Sensors], state: Floats, time_s: float) -> Floats:
    """Return the states as the sensors measure them, with the same noise for all chips."""
    return np.stack([each.read(state[:, i], time_s) for i, each in enumerate(sensors)], axis=1)


def _arrived(plan: Plan, commands: list[Floats], step: int) -> Floats:
    """Return the commands that arrive now; the first of an episode arrives at once."""
    delay, rate_hz = plan.effects.get('delay_s', NO_DELAY), plan.task.rate_hz
    late = round(delay.value[0] * rate_hz) * delay.acts(step / rate_hz)
    return commands[max(0, step - late)]
