"""The pole on a cart: its physics, the regulator of its weights, two worlds that agree."""

import numpy as np
import pytest
import torch
from scipy.linalg import solve_discrete_are

from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.sim.batched.cartpole import BatchedCartpole, advance
from pkan_control.sim.world import open_world
from pkan_control.tasks.cartpole import EDGE_M, FALLEN, GAINS, Cartpole, cartpole


def silent(done):
    """Say nothing."""


def driven(state: np.ndarray, force: np.ndarray) -> np.ndarray:
    world = BatchedCartpole(cartpole.rate_hz)
    world.reset(state, np.random.default_rng(0))
    return world.step(force)


def test_the_gains_are_those_of_the_regulator():
    size = 1e-6
    steps = [np.eye(4)[i] * size for i in range(4)]
    none, unit = np.zeros(1), np.array([size])
    a = np.stack([(driven(s, none) - driven(-s, none)) / (2 * size) for s in steps], axis=1)
    b = (driven(np.zeros(4), unit) - driven(np.zeros(4), -unit))[:, None] / (2 * size)
    cost = solve_discrete_are(a, b, np.eye(4), np.array([[0.1]]))
    gains = np.linalg.solve(0.1 + b.T @ cost @ b, b.T @ cost @ a)[0]
    np.testing.assert_allclose(GAINS, -gains, rtol=1e-4)


def test_the_expert_never_fails_in_either_world():
    for task in (cartpole, Cartpole('bullet_cartpole')):
        records = run_expert(Plan(task, 5), silent)
        assert [record.score.success for record in records] == [True] * 5
        assert records[0].score.figures == {'survived_s': 50.0}


def test_both_worlds_agree():
    start, force = np.array([0.1, -0.2, 0.05, 0.1]), np.array([2.0])
    ends = []
    for name in ('cartpole', 'bullet_cartpole'):
        world = open_world(name, cartpole.law, cartpole.rate_hz)
        state = world.reset(start, np.random.default_rng(0))
        np.testing.assert_allclose(state, start, atol=1e-9)
        for _ in range(3):
            state = world.step(force)
        world.close()
        ends.append(state)
    moved = np.abs(ends[0] - start)
    np.testing.assert_allclose(ends[1], ends[0], atol=0.12 * moved.max())


def test_many_at_once_and_torch_are_the_same_as_one():
    states = np.random.default_rng(0).uniform(-0.2, 0.2, (5, 4))
    forces = np.linspace(-10, 10, 5)[:, None]
    together = driven(states, forces)
    for state, force, end in zip(states, forces, together, strict=True):
        np.testing.assert_array_equal(driven(state, force), end)
    one = advance(torch.tensor(states), torch.tensor(forces)).numpy()
    np.testing.assert_allclose(one, advance(states, forces), atol=1e-12)


@pytest.mark.parametrize('wrong', [[EDGE_M + 0.01, 0, 0, 0], [0, 0, -FALLEN - 0.001, 0]])
def test_an_episode_is_judged_by_its_first_failure(wrong):
    states = np.zeros((501, 4))
    assert cartpole.score(states, np.zeros((501, 1))).success
    states[200] = wrong
    score = cartpole.score(states, np.zeros((501, 1)))
    assert (score.success, score.figures['survived_s']) == (False, 20.0)
    assert cartpole.failed(states[200], np.zeros(1))
    assert cartpole.reward(states[200], np.zeros(1)) < cartpole.reward(states[0], np.zeros(1))
