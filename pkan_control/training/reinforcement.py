"""Training by reinforcement: TD3 of stable-baselines3, with a network of devices as its actor.

S. Fujimoto, H. van Hoof, D. Meger, "Addressing function approximation error in actor-critic
methods", ICML 2018. The critics are small perceptrons, which stay behind; the actor is the network
that runs. TD3 and not SAC: its actor is a function, as a chip is, and needs no squash behind it.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import TD3
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.td3.policies import Actor, TD3Policy
from torch import Tensor, nn

import pkan_control.evaluation.gym as environments
from pkan_control.common.errors import UserError
from pkan_control.control.controller_file import ControllerFile
from pkan_control.evaluation.rollouts.batched_rollout import run_batched, runs_batched
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller
from pkan_control.tasks.task import Task
from pkan_control.training.stacked import Member, evaluate, stacked, unstack

Report = Callable[[float], None]
# Beyond the limits of an action its gradient is not nothing, so that it finds back.
LEAK = 0.01
# Starts of the episodes that decide when training ends.
EXAMINED_SEED = 2_000_000


@dataclass(frozen=True)
class Lessons:
    """How the actor learns: steps in the world, rates of actor and critics, and TD3's numbers."""

    steps: int = 20_000
    first: int = 500
    actor_rate: float = 1e-2
    critic_rate: float = 2e-3
    batch: int = 128
    gamma: float = 0.98
    tau: float = 0.01
    noise: float = 0.1
    critic: tuple[int, ...] = (64, 64)
    # Every so many steps the network, in realisable settings, is tried on so many other episodes.
    every: int = 250
    trials: int = 100


class Action(nn.Module):
    """A network as TD3 wants it: actions as shares of what is allowed."""

    def __init__(self, member: Member, limits: Tensor) -> None:
        """Take a network; limits are those of its outputs, `[n_out]`."""
        super().__init__()
        self.whole, self._limits = stacked([member]), limits

    def forward(self, observation: Tensor) -> Tensor:
        """Return actions `[batch, n_out]` in [-1, 1], and a little beyond while it learns."""
        shares = evaluate(self.whole, observation[None])[0] / self._limits
        inside = torch.clamp(shares, -1, 1)
        return inside + LEAK * (shares - inside) if self.training else inside


def policy_of(member: Member, limits: Tensor) -> type[TD3Policy]:
    """Return the policy whose actor, and whose target's, start as a network."""

    class NetworkPolicy(TD3Policy):
        def make_actor(self, features_extractor: Any = None) -> Actor:
            actor = super().make_actor(features_extractor)
            actor.mu = Action(member, limits)  # type: ignore[assignment]
            return actor

    return NetworkPolicy


class SteadyTd3(TD3):
    """TD3 whose actor and critics have learning rates of their own, which stay."""

    def _update_learning_rate(self, optimizers: Any) -> None:
        """Leave the rates as they are."""


class Examiner(BaseCallback):
    """Tries the network in realisable settings every now and then, and remembers the best.

    It ends the training when all episodes succeed.
    """

    def __init__(
        self, member: Member, lessons: Lessons, judge: Callable[[Member], float], report: Report
    ) -> None:
        """Judge by the share of episodes that succeed."""
        super().__init__()
        self._member, self._lessons, self._judge, self._report = member, lessons, judge, report
        self._best = -1.0

    def _on_step(self) -> bool:
        """Return whether to go on."""
        self._report(self.n_calls / self._lessons.steps)
        if self.n_calls % self._lessons.every:
            return True
        candidate = copy.deepcopy(self._member)
        unstack(_network(self.model), [candidate])
        found = self._judge(candidate)
        if found >= self._best:
            self._best = found
            unstack(stacked([candidate]), [self._member])
        return found < 1.0


def reinforce(task: Task, member: Member, lessons: Lessons, seed: int, report: Report) -> int:
    """Train a network on a task's rewards; return the steps that it took in the world."""
    torch.set_num_threads(1)
    environment = gymnasium.make(environment_of(task))
    space: Any = environment.action_space
    limits = torch.tensor(space.high)
    outputs = len(limits)
    noise = NormalActionNoise(np.zeros(outputs), np.full(outputs, lessons.noise))
    learner = SteadyTd3(
        policy_of(member, limits), environment, lessons.critic_rate,
        buffer_size=lessons.steps, learning_starts=lessons.first, batch_size=lessons.batch,
        tau=lessons.tau, gamma=lessons.gamma, action_noise=noise,
        target_policy_noise=lessons.noise, target_noise_clip=2 * lessons.noise, seed=seed,
        device='cpu',
        policy_kwargs={'net_arch': {'pi': [], 'qf': list(lessons.critic)}},
    )  # fmt: skip
    for group in learner.actor.optimizer.param_groups:
        group['lr'] = lessons.actor_rate
    examiner = Examiner(member, lessons, lambda each: success(task, each, lessons.trials), report)
    learner.learn(lessons.steps, callback=examiner)
    environment.close()
    report(1.0)
    return int(learner.num_timesteps)


def success(task: Task, member: Member, episodes: int) -> float:
    """Return the share of other episodes than those of measurements that succeed."""
    policy = member.export()
    if runs_batched(task):
        scores = run_batched(task, policy.evaluate, EXAMINED_SEED, episodes)
        return float(np.mean([score.success for score in scores]))
    controller_file = ControllerFile(task.name, task.law, task.rate_hz, policy)
    plan = Plan(task, episodes, EXAMINED_SEED)
    records = run_controller(plan, controller_file, 'ideal:', 1, lambda done: None)
    return float(np.mean([record.score.success for record in records]))


def environment_of(task: Task) -> str:
    """Return the name of a task's Gymnasium environment; refuse a task that has none."""
    for name, its in environments.TASKS.items():
        if its['task'] == task.name and its.get('split') in (None, task.law.name):
            return f'pkan_control/{name}-v0'
    raise UserError(f'{task.name}: has no Gymnasium environment to learn from')


def _network(learner: Any) -> Member:
    network: Member = learner.actor.mu.whole
    return network
