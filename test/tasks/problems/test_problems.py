"""Problems are found by name, drawn from their seed alone, and judged as they say."""

import math

import numpy as np
import pytest
import torch

from pkan_control.tasks.problems.classification import two_spirals
from pkan_control.tasks.problems.kinematics import Kinematics, forward, to_angles
from pkan_control.tasks.problems.problem import Examples, find_problems

ALL = [
    problem
    for name in (
        'kinematics_forward',
        'kinematics_inverse',
        'feynman',
        'classification',
        'solar_point',
    )
    for problem in find_problems(name)
]


def dh(theta: float, a: float, d: float, alpha: float) -> np.ndarray:
    """Return the transform of a Denavit-Hartenberg row, as textbooks write it."""
    ct, st, ca, sa = math.cos(theta), math.sin(theta), math.cos(alpha), math.sin(alpha)
    return np.array(
        [[ct, -st * ca, st * sa, a * ct], [st, ct * ca, -ct * sa, a * st], [0, sa, ca, d],
         [0, 0, 0, 1]]
    )  # fmt: skip


def test_names_find_one_problem_or_all_that_begin_so(refused):
    assert len(ALL) == 3 + 3 + 8 + 1 + 1
    assert [problem.name for problem in find_problems('feynman_I.16.6')] == ['feynman_I.16.6']
    with refused('problem', "'feyn'", 'classification'):
        find_problems('feyn')


@pytest.mark.parametrize('problem', ALL, ids=lambda problem: problem.name)
def test_a_seed_draws_the_same_examples_and_other_ones_for_each_part(problem):
    split, again, other = problem.data(0), problem.data(0), problem.data(1)
    np.testing.assert_array_equal(split.train.inputs, again.train.inputs)
    assert (split.train.inputs[:50] != other.train.inputs[:50]).any()
    assert (split.train.inputs[:50] != split.test.inputs[:50]).any()
    assert split.train.inputs.shape[1] == len(problem.inputs)
    assert 0.3 < split.train.inputs.std() < 1.2
    assert problem.name == find_problems(problem.name)[0].name


@pytest.mark.parametrize('problem', ALL, ids=lambda problem: problem.name)
def test_the_loss_is_the_same_in_torch_and_has_a_gradient(problem):
    targets = problem.data(0).train.targets[:20]
    outputs = np.random.default_rng(0).uniform(-1, 1, (20, len(problem.outputs)))
    tensor = torch.tensor(outputs, requires_grad=True)
    loss = problem.loss(tensor, torch.tensor(targets))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(float(problem.loss(outputs, targets)))
    assert torch.isfinite(tensor.grad).all()
    assert tensor.grad.abs().max() > 0


def test_the_arm_is_that_of_its_table():
    a1, a2, d4, d1, a3, a6 = 0.0, 0.270, 0.168, 0.290, 0.070, 0.072
    q = np.array([0.3, -0.7, 1.5, 0.9, -1.1, 2.0])
    quarter = math.pi / 2
    rows = [(a1, d1, -quarter), (a2, 0, 0), (a3, 0.134, -quarter), (0, d4, quarter),
            (a6, 0, -quarter), (0, 0, 0)]  # fmt: skip
    whole = np.eye(4)
    for angle, row in zip(q, rows, strict=True):
        whole = whole @ dh(angle, *row)
    np.testing.assert_allclose(forward(q), whole[:3, 3], atol=1e-12)


def test_kinematics_is_judged_by_the_true_map_in_mm():
    problem = Kinematics(0.1)
    data = problem.data(0)
    shown = (data.test.targets - (0, 0, 0.29)) / 0.35
    assert problem.score(shown, data.test.targets) < 1e-9
    off = shown + np.array([0.01 / 0.35, 0, 0])
    assert problem.score(off, data.test.targets) == pytest.approx(10.0)
    seen = forward(to_angles(data.train.inputs))
    spread = np.linalg.norm(seen - data.train.targets, axis=1)
    assert 0.005 < spread.mean() < 0.06


def test_the_inverse_goes_through_the_forward_map():
    problem = Kinematics(0.0, inverse=True)
    angles = np.random.default_rng(0).uniform(-1, 1, (30, 6))
    assert problem.score(angles, forward(to_angles(angles))) < 1e-9


def test_spirals_are_judged_by_sides():
    targets = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    assert two_spirals.score(np.array([[3.0], [-0.1], [-2.0], [-1.0]]), targets) == 0.25
    assert two_spirals.score(np.zeros((4, 1)), targets) == 1.0


def test_examples_that_are_none_are_refused(refused):
    with refused('inputs, row 1', 'finite'):
        Examples(np.array([[0.0], [np.nan]]), np.zeros((2, 1)))
    with refused('2 inputs and 3 targets'):
        Examples(np.zeros((2, 1)), np.zeros((3, 1)))
    with refused('shapes'):
        Examples(np.zeros(2), np.zeros((2, 1)))
