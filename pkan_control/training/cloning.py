"""Training on recorded flights: what the controller commanded whose flights these are.

Nobody is there to ask what that would have done in other states. So an MLP learns first what is
recorded, as well as it can (D. Pomerleau, "ALVINN", NeurIPS 1988); then an analogue network learns
from the recordings, and from the MLP in the states that it comes to itself.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

import pkan_control
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.errors import UserError
from pkan_control.control.controller_file import ControllerFile
from pkan_control.devices.deviations import PRESETS
from pkan_control.evaluation.bags.demonstrations import Demonstrations
from pkan_control.networks.mlp import MLP
from pkan_control.networks.policy import Policy
from pkan_control.networks.program import squash
from pkan_control.tasks.task import Imitable, Task
from pkan_control.training.examples import Examples, check_finite
from pkan_control.training.imitation import Report, Settings, set_pace
from pkan_control.training.recipe import Recipe, find_recipe, untrained
from pkan_control.training.run import Extras, imitate
from pkan_control.training.trainable import Trainable

# Chips of preset typical on which a clone is judged too.
CHIPS, PRESET = 10, 'typical'
# Share of the time that the MLP takes.
MLP_SHARE = 0.15


def clone(
    lessons: Demonstrations, network: Trainable, settings: Settings, seed: int, report: Report
) -> float:
    """Train a network on what is not held out; return the mean loss of the last tenth."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    learnt = ~lessons.held_out
    arrays = (lessons.observations[learnt], lessons.actions[learnt])
    for what, values in zip(('observations', 'actions'), arrays, strict=True):
        check_finite(what, values)
    examples = Examples(*(torch.tensor(array, dtype=torch.float32) for array in arrays))
    optimiser = torch.optim.Adam(network.parameters(), betas=(0.9, settings.beta2))
    losses = []
    for step in range(settings.steps):
        set_pace(optimiser, network, settings, step)
        losses.append(_descend(network, optimiser, examples, settings, generator))
        report((step + 1) / settings.steps, '')
    return float(np.mean(losses[-max(1, settings.steps // 10) :]))


def _descend(
    network: Trainable,
    optimiser: torch.optim.Optimizer,
    examples: Examples,
    settings: Settings,
    generator: torch.Generator,
) -> float:
    seen, wanted = examples.draw(settings.batch, generator)
    seen, wanted = (part.reshape(settings.chips, -1, part.shape[-1]) for part in (seen, wanted))
    loss = _loss(network.exposed(seen, generator), wanted)
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
    optimiser.step()
    return float(loss.detach())


def _loss(outputs: Tensor, wanted: Tensor) -> Tensor:
    return ((outputs - wanted) ** 2 / (0.1 + 0.5 * wanted**2)).mean()


@dataclass(frozen=True)
class Fidelity:
    """How well a clone answers on held-out time.

    R^2 of each of the network's outputs, and the root mean square by which commands are off, as a
    share of their range.
    """

    r2: tuple[float, ...]
    command_rmse: float


def judge(lessons: Demonstrations, controller_file: ControllerFile) -> dict[str, Fidelity]:
    """Return how well a clone does on an ideal chip, and on typical ones together."""
    ideal = _fidelity(lessons, [controller_file.policy.evaluate(lessons.observations)])
    program = controller_file.policy.chip_program
    if program is None:
        return {'floating point': ideal}
    inputs = squash(lessons.observations, program.squash_scale)
    answers = []
    for seed in range(CHIPS):
        chip = SimulatedChip(seed, PRESETS[PRESET])
        chip.program(program)
        chip.arm(np.zeros(program.shape[-1]))
        answers.append(chip.evaluate(inputs, 0.0, np.inf))
    return {'ideal chip': ideal, f'{CHIPS} {PRESET} chips': _fidelity(lessons, answers)}


def _fidelity(lessons: Demonstrations, answers: list[Floats]) -> Fidelity:
    """Return the fidelity over the held-out ticks of all answers `[n, o]` together."""
    held, terms = lessons.held_out, lessons.law.command
    wanted = lessons.actions[held]
    spread = wanted.var(axis=0)
    off = np.mean([((answer[held] - wanted) ** 2).mean(axis=0) for answer in answers], axis=0)
    half = np.array([signal.scale for signal in terms.signals])
    sent = [lessons.commands_of(answer)[held] - lessons.commands[held] for answer in answers]
    rmse = np.sqrt(np.mean([(each / (2 * half)) ** 2 for each in sent]))
    r2 = tuple(
        float(1 - a / b) if b > 0 else float('nan') for a, b in zip(off, spread, strict=True)
    )
    return Fidelity(r2, float(rmse))


@dataclass(frozen=True)
class Taught:
    """A task whose expert is an MLP: its own, in everything else."""

    task: Imitable
    teacher: Policy

    def __getattr__(self, name: str) -> Any:
        """Return what the task has."""
        return getattr(self.task, name)

    def expert(self, observation: Array) -> Array:
        """Return the MLP's actions `[..., o]` for observations `[..., i]`, in the terms' units."""
        law = self.task.law
        values = np.asarray(observation, dtype=np.float64)
        actions = law.output.denormalise(self.teacher.evaluate(law.observation.normalise(values)))
        return namespace(observation).asarray(actions, dtype=observation.dtype)


def cloned(
    task: Task,
    lessons: Demonstrations,
    device: str,
    seed: int,
    report: Report,
    steps: int | None = None,
) -> dict[str, ControllerFile]:
    """Return controllers that learnt from recorded flights, by device: the MLP, and that wanted.

    Their shapes are those of the task's recipe.
    """
    if not isinstance(task, Imitable):
        raise UserError(f'{task.name}: its task has no training starts and goals to fly from')
    recipe = find_recipe(task.name)
    settings = recipe.settings if steps is None else replace(recipe.settings, steps=steps)
    both = device != MLP
    mlp = untrained(task, recipe, MLP, seed)
    tell = (lambda done, text: report(done * MLP_SHARE, text)) if both else report
    loss = clone(lessons, mlp, settings, seed, tell)
    teacher = mlp.export()
    found = {MLP: _controller_file(task, lessons, teacher, recipe, seed, settings.steps, loss)}
    if both:
        network = untrained(task, recipe, device, seed)
        learnt = ~lessons.held_out
        known = (lessons.observations[learnt], lessons.actions[learnt])
        taught = Taught(task, teacher)
        losses = imitate(
            taught, network, settings, seed,
            lambda done, text: report(MLP_SHARE + done * (1 - MLP_SHARE), text),
            Extras(known=known),
        )  # fmt: skip
        policy = network.export()
        found[device] = _controller_file(
            task, lessons, policy, recipe, seed, settings.steps, losses[-1]
        )
    return found


def _controller_file(
    task: Task,
    lessons: Demonstrations,
    policy: Policy,
    recipe: Recipe,
    seed: int,
    steps: int,
    loss: float,
) -> ControllerFile:
    provenance = {
        'version': pkan_control.__version__,
        'method': 'cloned from recorded flights',
        'seed': seed,
        'steps': steps,
        'ticks': int((~lessons.held_out).sum()),
        'noise': recipe.noise.to_json(),
        'loss': round(loss, 6),
    }
    return ControllerFile(task.name, lessons.law, task.rate_hz, policy, provenance)
