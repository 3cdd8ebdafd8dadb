"""A run of training by imitation: rounds, with early stopping, logs and checkpoints."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.tasks.task import Imitable
from pkan_control.training.checkpoint import (
    Checkpoint,
    State,
    optimiser_tensors,
    restore_optimiser,
)
from pkan_control.training.early_stopping import EarlyStopping
from pkan_control.training.imitation import (
    Examples,
    Settings,
    collect,
    draw_batch,
    set_schedule,
    take_step,
)
from pkan_control.training.sparsity import Sparsity
from pkan_control.training.tensorboard_log import TensorboardLog
from pkan_control.training.trainable import PolicyFunction, Report, Trainable

CHECKPOINT_STEPS = 200
# Episodes of a round to one that is held out.
HELD_OUT = 8
COUNTERS = ('turn', 'step', 'taken', 'total', 'losses')
ObservationsActions = tuple[Floats, Floats]


@dataclass(frozen=True)
class Extras:
    """Extras of a run beyond its settings; by default there are none.

    Args:
        sparsity: penalty on edges, and pruning
        patience: steps without a smaller loss on held-out episodes that end a round
        checkpoint: file that is written during the run, and resumed from
        log: curves for TensorBoard
        known: normalised observations and actions to learn from besides all episodes
    """

    sparsity: Sparsity = field(default_factory=Sparsity)
    patience: int | None = None
    checkpoint: Checkpoint | None = None
    log: TensorboardLog | None = None
    known: ObservationsActions | None = None


def imitate(
    task: Imitable,
    network: Trainable,
    settings: Settings,
    seed: int,
    report: Report,
    extras: Extras | None = None,
) -> list[float]:
    """Train a network on a task; return the mean loss of each round."""
    run = ImitationRun(task, network, settings, seed, extras or Extras())
    return run.finish(report)


class ImitationRun:
    """Rounds that begin with episodes; the run can be saved to a checkpoint at any step."""

    def __init__(
        self, task: Imitable, network: Trainable, settings: Settings, seed: int, extras: Extras
    ) -> None:
        """Start a run, or resume that of the checkpoint."""
        torch.set_num_threads(1)
        self._task, self._network, self._settings, self._extras = task, network, settings, extras
        self._generator = torch.Generator().manual_seed(seed)
        self._numbers = stream(seed, 'flights')
        ends = len(task.law.observation), len(task.law.output)
        self._examples = Examples(torch.empty(0, ends[0]), torch.empty(0, ends[1]))
        betas = (0.9, settings.beta2)
        self._optimiser = torch.optim.Adam(network.parameters(), betas=betas)
        self._stopping = EarlyStopping(extras.patience, seed, *ends) if extras.patience else None
        self._losses: list[float] = []
        self._turn = self._step = self._taken = 0
        self._total = 0.0
        state = extras.checkpoint.load() if extras.checkpoint else None
        if state is not None:
            self._restore(state)

    def finish(self, report: Report) -> list[float]:
        """Train until the end; return the mean loss of each round."""
        rounds = self._settings.rounds
        while self._turn <= rounds:
            if self._taken == 0:
                self._collect()
            self._run_round(report)
            self._losses.append(self._total / self._taken)
            self._turn, self._step = self._turn + 1, self._first_step(self._turn + 1)
            self._total, self._taken = 0.0, 0
            self._save()
        report(1.0)
        return self._losses

    def _first_step(self, turn: int) -> int:
        """Return the first step of a round."""
        return round(self._settings.steps * turn / (self._settings.rounds + 1))

    def _collect(self) -> None:
        """Run the episodes of a round: with the expert in the first, later with the network."""
        settings, task = self._settings, self._task
        policy, episodes = None, settings.expert_flights
        if self._turn:
            policy = self._network.policy(self._generator, settings.chips)
            episodes = settings.flights
        self._examples.add(*collect(task, policy, episodes, settings.flight_s, self._numbers))
        if self._extras.known is not None and self._turn == 0:
            self._examples.add(*self._extras.known)
        if self._stopping is not None:
            held_out = max(1, episodes // HELD_OUT)

            def collect_held_out(
                policy: PolicyFunction | None, numbers: np.random.Generator
            ) -> ObservationsActions:
                return collect(task, policy, held_out, settings.flight_s, numbers)

            network = self._network if self._turn else None
            self._stopping.begin(collect_held_out, network, self._step)

    def _run_round(self, report: Report) -> None:
        """Take the remaining steps of a round."""
        settings, sparsity, network = self._settings, self._extras.sparsity, self._network
        while self._step < self._first_step(self._turn + 1):
            due = sparsity.prune > 0 and self._step >= sparsity.prunes_at(settings.steps)
            if due and not network.kept:
                network.prune(sparsity.prune)
                self._reset_stopping()
            if set_schedule(self._optimiser, network, settings, self._step):
                self._reset_stopping()
            batch = draw_batch(self._task, self._examples, settings, self._generator)
            cost = sparsity if sparsity.acts(self._step, settings.steps) else None
            loss = take_step(network, self._optimiser, batch, settings, self._generator, cost)
            self._total += loss
            self._step, self._taken = self._step + 1, self._taken + 1
            report(self._step / settings.steps)
            if self._ends_round(loss):
                break
            if self._step % CHECKPOINT_STEPS == 0:
                self._save()
        if self._stopping is not None:
            self._stopping.restore_best(network)

    def _reset_stopping(self) -> None:
        if self._stopping is not None:
            self._stopping.reset(self._step)

    def _ends_round(self, loss: float) -> bool:
        """Log a step, and return whether the loss on held-out episodes ends the round."""
        ends, held_out = False, None
        if self._stopping is not None and self._stopping.is_due(self._step):
            ends, held_out = self._stopping.ends_round(self._network, self._step)
        if self._extras.log is not None:
            rate = float(self._optimiser.param_groups[0]['lr'])
            self._extras.log.record(self._step, loss, rate, held_out, self._network)
        return ends

    def _save(self) -> None:
        if self._extras.checkpoint is None:
            return
        tensors = {f'parameter.{i}': p.detach() for i, p in enumerate(self._network.parameters())}
        tensors |= {f'kept.{i}': each for i, each in enumerate(self._network.kept)}
        tensors |= optimiser_tensors(self._optimiser)
        tensors['observations'] = self._examples.observations
        tensors['actions'] = self._examples.actions
        tensors['generator'] = self._generator.get_state()
        counters = (self._turn, self._step, self._taken, self._total, self._losses)
        facts: dict[str, Any] = dict(zip(COUNTERS, counters, strict=True))
        facts['numbers'] = self._numbers.bit_generator.state
        facts['quantised'] = self._network.quantised
        if self._stopping is not None:
            stopping = self._stopping.state()
            tensors, facts = {**tensors, **stopping.tensors}, {**facts, 'watch': stopping.facts}
        self._extras.checkpoint.save(State(tensors, facts))

    def _restore(self, state: State) -> None:
        tensors, facts = state
        with torch.no_grad():
            for i, parameter in enumerate(self._network.parameters()):
                parameter.copy_(tensors[f'parameter.{i}'])
        layers = sum(name.startswith('kept.') for name in tensors)
        self._network.kept = [tensors[f'kept.{i}'] for i in range(layers)]
        restore_optimiser(self._optimiser, tensors)
        self._examples = Examples(tensors['observations'], tensors['actions'])
        self._generator.set_state(tensors['generator'])
        self._turn, self._step, self._taken, self._total, self._losses = (
            facts[name] for name in COUNTERS
        )
        self._numbers.bit_generator.state = facts['numbers']
        self._network.quantised = facts['quantised']
        if self._stopping is not None:
            self._stopping.restore(State(tensors, facts['watch']))
