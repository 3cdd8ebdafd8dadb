"""Many episodes of a controller on a task."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.chips.uri import open_chip, seed_of, with_options, with_seed
from pkan_control.common.arrays import Array, Floats
from pkan_control.common.errors import UserError
from pkan_control.common.seeding import stream
from pkan_control.control.controller import Controller, make_controller
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.guard import CommandGuard
from pkan_control.evaluation.guarded_controller import GuardedController
from pkan_control.evaluation.rollouts.episode import NANOSECONDS, Episode
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.networks.policy import Policy
from pkan_control.sim.effects import Effects
from pkan_control.sim.scenarios import CALM, Scenario
from pkan_control.sim.world import Simulation, find_world, open_world
from pkan_control.tasks.task import HasReference, Score, Task

Report = Callable[[int], None]
# The chip of a policy that needs none, too.
IDEAL = 'ideal:'


@dataclass(frozen=True)
class Expert:
    """The task's expert, in the place of a network."""

    task: Task

    def begin(self, episode: int) -> None:
        """Do nothing: an expert has no noise."""

    def __call__(self, observation: Floats, time_s: float) -> Floats:
        """Return the expert's action, normalised as a network's outputs are."""
        action: Array = self.task.expert(observation)
        outputs: Floats = self.task.law.output.normalise(action)
        return outputs


@dataclass(frozen=True)
class Plan:
    """Which episodes are run: how many of a task, drawn from a seed, in which scenario.

    They count from `first`, so that a plan can be run in parts.
    """

    task: Task
    episodes: int
    seed: int = 0
    scenario: Scenario = CALM
    first: int = 0

    @property
    def numbers(self) -> range:
        """Numbers of the episodes."""
        return range(self.first, self.first + self.episodes)

    @property
    def effects(self) -> Effects:
        """What disturbs the task's robot."""
        return self.scenario.effects(find_world(self.task.world).robot)


def run_episode(
    plan: Plan, world: Simulation, controller: Controller, number: int
) -> EpisodeRecord:
    """Run one episode through law, network and guard."""
    began = perf_counter()
    episode = Episode(plan.task, world, plan.seed, number, plan.effects)
    guarded = GuardedController(plan.task.law, controller)
    guarded.reset(number)
    while not episode.done:
        command = guarded.step(episode.seen, episode.goal, episode.time_ns / NANOSECONDS)
        episode.advance(command, guarded.inference_ns)
    return episode.record(perf_counter() - began)


def run_expert(plan: Plan, report: Report) -> list[EpisodeRecord]:
    """Run episodes of the task's expert."""
    return _run(plan, {0: Controller(plan.task.law, Expert(plan.task))}, report)


def run_reference(plan: Plan, report: Report) -> list[EpisodeRecord]:
    """Run episodes of the reference controller of the task, if there is one."""
    if not isinstance(plan.task, HasReference):
        raise UserError(f'{plan.task.name}: no reference controller is known for it')
    law, reference = plan.task.reference()
    return _run(plan, {0: Controller(law, reference)}, report)


def run_controller(
    plan: Plan,
    controller_file: ControllerFile,
    chip: str,
    chips: int,
    report: Report,
    calibration: Calibration | None = None,
) -> list[EpisodeRecord]:
    """Run episodes of a controller, spread over chips of consecutive seeds.

    Options of a simulated chip in the scenario replace those of the URI. A calibration is that of
    one chip.
    """
    check_fits(controller_file, plan.task)
    check_uses_chip(controller_file.policy, chip, chips, calibration)
    if controller_file.policy.chip_program is not None:
        chip = with_options(chip, plan.scenario.chip)
    used = sorted({number % chips for number in plan.numbers})
    uris = {i: chip if chips == 1 else with_seed(chip, seed_of(chip) + i) for i in used}
    with ExitStack() as stack:
        opened = {i: stack.enter_context(closing(open_chip(uri))) for i, uri in uris.items()}
        controllers = {
            i: make_controller(controller_file, each, calibration) for i, each in opened.items()
        }
        return _run(plan, controllers, report, chips)


def check_uses_chip(
    policy: Policy, chip: str, chips: int, calibration: Calibration | None
) -> None:
    """Raise a `UserError` for a chip or a calibration that would be ignored."""
    if calibration is not None and chips > 1:
        raise UserError(f'calibration: is that of one chip, but there are {chips} chips')
    given = calibration is not None or chips > 1 or chip != IDEAL
    if given and policy.chip_program is None:
        raise UserError(f'{policy.title} runs on no chip: give no chip, chips or calibration')


def check_fits(controller_file: ControllerFile, task: Task) -> None:
    """Raise a `UserError` unless a controller was made for this task."""
    if controller_file.task != task.name:
        raise UserError(
            f'the controller was made for task {controller_file.task}, not for {task.name}'
        )
    if controller_file.rate_hz != task.rate_hz:
        raise UserError(
            f'the controller runs at {controller_file.rate_hz} Hz, the task at {task.rate_hz}'
        )


def _run(
    plan: Plan, controllers: Mapping[int, Controller], report: Report, chips: int = 1
) -> list[EpisodeRecord]:
    """Run all episodes, each on the controller of its number modulo the chips."""
    task = plan.task
    world = open_world(task.world, task.law, task.rate_hz, plan.effects)
    records = []
    try:
        for number in plan.numbers:
            records.append(run_episode(plan, world, controllers[number % chips], number))
            report(len(records))
    finally:
        world.close()
    return records


def replay(plan: Plan, records: list[EpisodeRecord]) -> Iterator[tuple[EpisodeRecord, int | None]]:
    """Yield each record, and the first step at which a state differs; None if none does."""
    task = plan.task
    world = open_world(task.world, task.law, task.rate_hz, plan.effects)
    try:
        for record in records:
            episode = Episode(task, world, record.seed, record.number, plan.effects)
            for command in record.commands:
                episode.advance(command, 0)
            again = episode.record(0.0)
            differs = np.flatnonzero((again.states != record.states).any(axis=1))
            yield record, int(differs[0]) if len(differs) else None
    finally:
        world.close()


def runs_batched(task: Task) -> bool:
    """Return whether a task's world takes states `[episodes, n]`."""
    return find_world(task.world).batched


def run_batched(
    task: Task, outputs: Callable[[Floats], Floats], seed: int, episodes: int
) -> list[Score]:
    """Return the scores of a function from normalised observations to outputs `[episodes, ...]`.

    The episodes are those of a rollout of the same seed in calm conditions, on an ideal chip.
    """
    law = task.law
    guard = CommandGuard(law.command)
    world = open_world(task.world, law, task.rate_hz)
    numbers = range(episodes)
    starts = np.stack([task.start(seed, number) for number in numbers])
    states = [world.reset(starts, stream(seed, 'disturbances'))]
    goals = [np.stack([task.goal(seed, number, 0) for number in numbers])]
    memory = law.start(states[0])
    for step in range(task.steps):
        memory, values = law.observe(memory, states[-1], goals[-1])
        action = law.output.denormalise(outputs(law.observation.normalise(values)))
        memory, command = law.act(memory, states[-1], action)
        states.append(world.step(np.clip(command, guard.low, guard.high)))
        goals.append(np.stack([task.goal(seed, number, step + 1) for number in numbers]))
    world.close()
    each = zip(np.stack(states, axis=1), np.stack(goals, axis=1), strict=True)
    return [task.score(path, wanted) for path, wanted in each]
