"""Behavioural cloning of the controller whose flights were recorded.

It cannot be queried in other states. So an MLP first learns the recorded actions (D. Pomerleau,
"ALVINN", NeurIPS 1988); then an analogue network learns from the recordings, and by imitation of
the MLP in the states that it visits itself.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pkan_control.chips.simulated import SimulatedChip
from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.errors import UserError
from pkan_control.common.version import __version__
from pkan_control.control.controller_file import ControllerFile
from pkan_control.devices.deviations import PRESETS
from pkan_control.evaluation.bags.demonstrations import Demonstrations
from pkan_control.networks.mlp import MLP
from pkan_control.networks.policy import Policy
from pkan_control.networks.program import squash
from pkan_control.tasks.task import Imitable, Task
from pkan_control.training.imitation import Examples, Settings, check_finite, set_schedule
from pkan_control.training.imitation_run import Extras, imitate
from pkan_control.training.recipe import Recipe, find_recipe, untrained
from pkan_control.training.trainable import Report, Trainable

# Chips of a preset on which a clone is tested, besides an ideal one.
CHIPS, PRESET = 10, 'typical'
# Share of the training time that the MLP takes.
MLP_SHARE = 0.15


def fit_recordings(
    recorded: Demonstrations, network: Trainable, settings: Settings, seed: int, report: Report
) -> float:
    """Train a network on ticks that are not held out; return the mean loss of the last tenth."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    learnt = ~recorded.held_out
    arrays = (recorded.observations[learnt], recorded.actions[learnt])
    for name, values in zip(('observations', 'actions'), arrays, strict=True):
        check_finite(name, values)
    examples = Examples(*(torch.tensor(array, dtype=torch.float32) for array in arrays))
    optimiser = torch.optim.Adam(network.parameters(), betas=(0.9, settings.beta2))
    losses = []
    for step in range(settings.steps):
        set_schedule(optimiser, network, settings, step)
        losses.append(_take_step(network, optimiser, examples, settings, generator))
        report((step + 1) / settings.steps)
    return float(np.mean(losses[-max(1, settings.steps // 10) :]))


def _take_step(
    network: Trainable,
    optimiser: torch.optim.Optimizer,
    examples: Examples,
    settings: Settings,
    generator: torch.Generator,
) -> float:
    drawn = examples.draw(settings.batch, generator)
    observations, wanted = (part.reshape(settings.chips, -1, part.shape[-1]) for part in drawn)
    loss = _loss(network.exposed(observations, generator), wanted)
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
    optimiser.step()
    return float(loss.detach())


def _loss(outputs: Tensor, wanted: Tensor) -> Tensor:
    return ((outputs - wanted) ** 2 / (0.1 + 0.5 * wanted**2)).mean()


@dataclass(frozen=True)
class Fidelity:
    """Agreement of a clone with held-out ticks.

    R^2 of each output of the network, and RMSE of the commands as a share of their range.
    """

    r2: tuple[float, ...]
    command_rmse: float


def fidelity_of(recorded: Demonstrations, controller: ControllerFile) -> dict[str, Fidelity]:
    """Return the fidelity of a clone on an ideal chip, and on typical chips taken together."""
    ideal = _fidelity(recorded, [controller.policy.evaluate(recorded.observations)])
    program = controller.policy.chip_program
    if program is None:
        return {'floating point': ideal}
    inputs = squash(recorded.observations, program.squash_scale)
    outputs = []
    for seed in range(CHIPS):
        chip = SimulatedChip(seed, PRESETS[PRESET])
        chip.program(program)
        chip.arm(np.zeros(program.shape[-1]))
        outputs.append(chip.evaluate(inputs, 0.0, np.inf))
    return {'ideal chip': ideal, f'{CHIPS} {PRESET} chips': _fidelity(recorded, outputs)}


def _fidelity(recorded: Demonstrations, outputs: list[Floats]) -> Fidelity:
    """Return the fidelity on held-out ticks of the outputs `[n, o]` of several chips together."""
    held, terms = recorded.held_out, recorded.law.command
    wanted = recorded.actions[held]
    spread = wanted.var(axis=0)
    off = np.mean([((output[held] - wanted) ** 2).mean(axis=0) for output in outputs], axis=0)
    half = np.array([signal.scale for signal in terms.signals])
    sent = [recorded.commands_of(output)[held] - recorded.commands[held] for output in outputs]
    rmse = np.sqrt(np.mean([(each / (2 * half)) ** 2 for each in sent]))
    r2 = tuple(
        float(1 - a / b) if b > 0 else float('nan') for a, b in zip(off, spread, strict=True)
    )
    return Fidelity(r2, float(rmse))


@dataclass(frozen=True)
class TaskWithTeacher:
    """A task whose expert is an MLP; all else is that of the task."""

    task: Imitable
    teacher: Policy

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the task."""
        return getattr(self.task, name)

    def expert(self, observation: Array) -> Array:
        """Return the MLP's actions `[..., o]` for observations `[..., i]`, in the terms' units."""
        law = self.task.law
        values = np.asarray(observation, dtype=np.float64)
        actions = law.output.denormalise(self.teacher.evaluate(law.observation.normalise(values)))
        return namespace(observation).asarray(actions, dtype=observation.dtype)


def clone(
    task: Task,
    recorded: Demonstrations,
    device: str,
    seed: int,
    report: Report,
    steps: int | None = None,
) -> dict[str, ControllerFile]:
    """Return controllers trained on recorded flights by device: that of the MLP, then the other.

    Their shapes are those of the task's recipe.
    """
    if not isinstance(task, Imitable):
        raise UserError(f'{task.name}: has no training starts and goals, which cloning needs')
    recipe = find_recipe(task.name)
    settings = recipe.settings if steps is None else replace(recipe.settings, steps=steps)
    both = device != MLP
    mlp = untrained(task, recipe, MLP, seed)
    report_mlp = (lambda done: report(done * MLP_SHARE)) if both else report
    loss = fit_recordings(recorded, mlp, settings, seed, report_mlp)
    teacher = mlp.export()
    found = {MLP: _controller_file(task, recorded, teacher, recipe, seed, settings.steps, loss)}
    if both:
        network = untrained(task, recipe, device, seed)
        learnt = ~recorded.held_out
        known = (recorded.observations[learnt], recorded.actions[learnt])
        taught_task = TaskWithTeacher(task, teacher)
        losses = imitate(
            taught_task,
            network,
            settings,
            seed,
            lambda done: report(MLP_SHARE + done * (1 - MLP_SHARE)),
            Extras(known=known),
        )
        policy = network.export()
        found[device] = _controller_file(
            task, recorded, policy, recipe, seed, settings.steps, losses[-1]
        )
    return found


def _controller_file(
    task: Task,
    recorded: Demonstrations,
    policy: Policy,
    recipe: Recipe,
    seed: int,
    steps: int,
    loss: float,
) -> ControllerFile:
    provenance = {
        'version': __version__,
        'method': 'cloned from recorded flights',
        'seed': seed,
        'steps': steps,
        'ticks': int((~recorded.held_out).sum()),
        'noise': recipe.noise.to_json(),
        'loss': round(loss, 6),
    }
    return ControllerFile(task.name, recorded.law, task.rate_hz, policy, provenance)
