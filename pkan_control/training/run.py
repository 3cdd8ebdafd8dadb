"""One run of training by imitation: in rounds, watched, logged, and resumed after a kill."""

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
from pkan_control.training.early_stopping import Watch
from pkan_control.training.examples import Examples
from pkan_control.training.imitation import (
    Report,
    Settings,
    assemble,
    descend,
    fly,
    set_pace,
)
from pkan_control.training.sparsity import Sparsity
from pkan_control.training.tensorboard_log import Diary
from pkan_control.training.trainable import PolicyFunction, Trainable

# Steps between two checkpoints, and flights of a round to one that is held out.
SAVED_EVERY, HELD_OUT = 200, 8
COUNTERS = ('turn', 'step', 'taken', 'total', 'losses')
Seen = tuple[Floats, Floats]


@dataclass(frozen=True)
class Extras:
    """What is asked of a training run beyond its recipe; nothing by default.

    patience is that of an early stop, in steps; `checkpoint` is written as the run goes on, and
    gone on from; `diary` writes its logs. `known` observations and actions, both normalised, are
    learnt from beside all flights.
    """

    sparsity: Sparsity = field(default_factory=Sparsity)
    patience: int | None = None
    checkpoint: Checkpoint | None = None
    diary: Diary | None = None
    known: Seen | None = None


def imitate(
    task: Imitable,
    network: Trainable,
    settings: Settings,
    seed: int,
    report: Report,
    extras: Extras | None = None,
) -> list[float]:
    """Train a network on a task; return the mean loss of each round."""
    run = Imitation(task, network, settings, seed, extras or Extras())
    return run.finish(report)


class Imitation:
    """One run, of rounds that begin with flights; it can be put into a checkpoint at any step."""

    def __init__(
        self, task: Imitable, network: Trainable, settings: Settings, seed: int, extras: Extras
    ) -> None:
        """Begin a run, or go on with that of the checkpoint."""
        torch.set_num_threads(1)
        self._task, self._network, self._settings, self._extras = task, network, settings, extras
        self._generator = torch.Generator().manual_seed(seed)
        self._numbers = stream(seed, 'flights')
        ends = len(task.law.observation), len(task.law.output)
        self._examples = Examples(torch.empty(0, ends[0]), torch.empty(0, ends[1]))
        betas = (0.9, settings.beta2)
        self._optimiser = torch.optim.Adam(network.parameters(), betas=betas)
        self._watch = Watch(extras.patience, seed, *ends) if extras.patience else None
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
                self._fly()
            self._round(report)
            self._losses.append(self._total / self._taken)
            self._turn, self._step = self._turn + 1, self._first(self._turn + 1)
            self._total, self._taken = 0.0, 0
            self._save()
        report(1.0, f'loss {self._losses[-1]:.4f}')
        return self._losses

    def _first(self, turn: int) -> int:
        """Return the first step of a round."""
        return round(self._settings.steps * turn / (self._settings.rounds + 1))

    def _fly(self) -> None:
        """Fly for a round that begins: the expert before the first, the network before others."""
        settings, task = self._settings, self._task
        policy, flights = None, settings.expert_flights
        if self._turn:
            policy = self._network.policy(self._generator, settings.chips)
            flights = settings.flights
        self._examples.add(*fly(task, policy, flights, settings.flight_s, self._numbers))
        if self._extras.known is not None and self._turn == 0:
            self._examples.add(*self._extras.known)
        if self._watch is not None:
            held = max(1, flights // HELD_OUT)

            def watched(policy: PolicyFunction | None, numbers: np.random.Generator) -> Seen:
                return fly(task, policy, held, settings.flight_s, numbers)

            self._watch.begin(watched, self._network if self._turn else None, self._step)

    def _round(self, report: Report) -> None:
        """Take the steps that are left of a round."""
        settings, sparsity, network = self._settings, self._extras.sparsity, self._network
        while self._step < self._first(self._turn + 1):
            due = sparsity.prune > 0 and self._step >= sparsity.prunes_at(settings.steps)
            if due and not network.kept:
                network.prune(sparsity.prune)
                self._forget()
            if set_pace(self._optimiser, network, settings, self._step):
                self._forget()
            batch = assemble(self._task, self._examples, settings, self._generator)
            cost = sparsity if sparsity.acts(self._step, settings.steps) else None
            loss = descend(network, self._optimiser, batch, settings, self._generator, cost)
            self._total += loss
            self._step, self._taken = self._step + 1, self._taken + 1
            report(self._step / settings.steps, f'round {self._turn} of {settings.rounds}')
            if self._look(loss):
                break
            if self._step % SAVED_EVERY == 0:
                self._save()
        if self._watch is not None:
            self._watch.restore_best(network)

    def _forget(self) -> None:
        if self._watch is not None:
            self._watch.forget(self._step)

    def _look(self, loss: float) -> bool:
        """Log a step, and return whether held-out flights end the round."""
        ends, held_out = False, None
        if self._watch is not None and self._watch.looks(self._step):
            ends, held_out = self._watch.ends(self._network, self._step)
        if self._extras.diary is not None:
            rate = float(self._optimiser.param_groups[0]['lr'])
            self._extras.diary.note(self._step, loss, rate, held_out, self._network)
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
        if self._watch is not None:
            watched = self._watch.state()
            tensors, facts = {**tensors, **watched.tensors}, {**facts, 'watch': watched.facts}
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
        if self._watch is not None:
            self._watch.restore(State(tensors, facts['watch']))
