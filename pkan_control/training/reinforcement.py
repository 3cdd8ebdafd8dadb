"""Training by reinforcement: TD3 of stable-baselines3, with a network of devices as its actor.

S. Fujimoto, H. van Hoof, D. Meger, "Addressing function approximation error in actor-critic
methods", ICML 2018. The critics are small perceptrons, needed for training only; the actor is the
network that runs. TD3 rather than SAC, because its actor is deterministic, as a chip is, and needs
no squashing of its output.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from stable_baselines3 import TD3
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.td3.policies import Actor, TD3Policy
from torch import Tensor, nn

from pkan_control.common.errors import UserError
from pkan_control.control.controller_file import ControllerFile
from pkan_control.evaluation.environment_ids import DEFAULTS
from pkan_control.evaluation.gym import TaskEnvironment
from pkan_control.tasks.task import TASKS, Task
from pkan_control.training.results import scores_on_ideal_chip
from pkan_control.training.stacked import Member, evaluate, stacked, unstack
from pkan_control.training.trainable import Report

# Slope beyond the limits of an action, so that its gradient does not vanish there.
LEAK = 0.01
# Seed of the episodes that decide when training ends.
EVALUATION_SEED = 2_000_000


@dataclass(frozen=True)
class Td3Settings:
    """Settings of TD3.

    Args:
        steps: steps in the world
        first: steps before the first update
        actor_rate: learning rate of the actor
        critic_rate: learning rate of the critics
        batch: transitions of an update
        gamma: discount factor
        tau: share of the new parameters in an update of the target networks
        noise: sigma of the noise of actions and of the smoothing of the target policy
        critic: hidden nodes of the critics
        every: steps between two evaluations in realisable settings
        trials: episodes of an evaluation
    """

    steps: int = 20_000
    first: int = 500
    actor_rate: float = 1e-2
    critic_rate: float = 2e-3
    batch: int = 128
    gamma: float = 0.98
    tau: float = 0.01
    noise: float = 0.1
    critic: tuple[int, ...] = (64, 64)
    every: int = 250
    trials: int = 100


class ScaledActor(nn.Module):
    """A network as the actor of TD3: actions as shares of their limits."""

    def __init__(self, member: Member, limits: Tensor) -> None:
        """Wrap a network whose outputs have limits `[n_out]`."""
        super().__init__()
        self.whole, self._limits = stacked([member]), limits

    def forward(self, observation: Tensor) -> Tensor:
        """Return actions `[batch, n_out]` in [-1, 1], slightly beyond while it is trained."""
        shares = evaluate(self.whole, observation[None])[0] / self._limits
        inside = torch.clamp(shares, -1, 1)
        return inside + LEAK * (shares - inside) if self.training else inside


def policy_of(member: Member, limits: Tensor) -> type[TD3Policy]:
    """Return a TD3 policy whose actor and target actor start as a network."""

    class NetworkPolicy(TD3Policy):
        def make_actor(self, features_extractor: Any = None) -> Actor:
            actor = super().make_actor(features_extractor)
            actor.mu = ScaledActor(member, limits)  # type: ignore[assignment]
            return actor

    return NetworkPolicy


class Td3WithConstantRates(TD3):
    """TD3 with constant, separate learning rates of actor and critics."""

    def _update_learning_rate(self, optimizers: Any) -> None:
        """Keep the rates."""


class EvaluationCallback(BaseCallback):
    """Evaluates the network in realisable settings at intervals, and keeps the best one.

    It ends the training when all episodes succeed.
    """

    def __init__(
        self,
        member: Member,
        settings: Td3Settings,
        success_rate: Callable[[Member], float],
        report: Report,
    ) -> None:
        """Evaluate by the share of episodes that succeed."""
        super().__init__()
        self._member, self._settings = member, settings
        self._success_rate, self._report = success_rate, report
        self._best = -1.0

    def _on_step(self) -> bool:
        """Return whether to continue."""
        self._report(self.n_calls / self._settings.steps)
        if self.n_calls % self._settings.every:
            return True
        candidate = copy.deepcopy(self._member)
        unstack(_network(self.model), [candidate])
        found = self._success_rate(candidate)
        if found >= self._best:
            self._best = found
            unstack(stacked([candidate]), [self._member])
        return found < 1.0


def reinforce(task: Task, member: Member, settings: Td3Settings, seed: int, report: Report) -> int:
    """Train a network on a task's rewards; return the steps taken in the world."""
    torch.set_num_threads(1)
    environment = environment_of(task)
    space: Any = environment.action_space
    limits = torch.tensor(space.high)
    outputs = len(limits)
    noise = NormalActionNoise(np.zeros(outputs), np.full(outputs, settings.noise))
    learner = Td3WithConstantRates(
        policy_of(member, limits),
        environment,
        settings.critic_rate,
        buffer_size=settings.steps,
        learning_starts=settings.first,
        batch_size=settings.batch,
        tau=settings.tau,
        gamma=settings.gamma,
        action_noise=noise,
        target_policy_noise=settings.noise,
        target_noise_clip=2 * settings.noise,
        seed=seed,
        device='cpu',
        policy_kwargs={'net_arch': {'pi': [], 'qf': list(settings.critic)}},
    )
    for group in learner.actor.optimizer.param_groups:
        group['lr'] = settings.actor_rate
    evaluation = EvaluationCallback(
        member, settings, lambda each: success_rate(task, each, settings.trials), report
    )
    learner.learn(settings.steps, callback=evaluation)
    environment.close()
    report(1.0)
    return int(learner.num_timesteps)


def success_rate(task: Task, member: Member, episodes: int) -> float:
    """Return the share of successful episodes, which are others than those of measurements."""
    controller = ControllerFile(task.name, task.law, task.rate_hz, member.export())
    scores = scores_on_ideal_chip(task, controller, episodes, EVALUATION_SEED)
    return float(np.mean([score.success for score in scores]))


def environment_of(task: Task) -> TaskEnvironment:
    """Return the environment of a task; refuse one whose network does not see its goal."""
    split = DEFAULTS.get(task.name, {}).get('split')
    if task.name not in TASKS.names() or split not in (None, task.law.name):
        raise UserError(f'{task.name}: has no Gymnasium environment to learn from')
    return TaskEnvironment(task, normalise_actions=False)


def _network(learner: Any) -> Member:
    network: Member = learner.actor.mu.whole
    return network
