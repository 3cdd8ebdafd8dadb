"""Networks that train at once learn what each would learn alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pkan_control.tasks.problems.problem import find_problems
from pkan_control.training.imitation import Settings
from pkan_control.training.stacked import evaluate, stacked
from pkan_control.training.supervised import ProblemInstance, clip, fit, fit_and_score, scored
from pkan_control.training.trainable import make_ideal

SHORT = Settings(steps=40, batch=32, learning_rate=3e-2, warm_up=5)
TWO = find_problems('feynman')[:2]
DEVICES = ['bandpass', 'memdiode', 'mlp']


def members(device: str, seeds: list[int]) -> list:
    return [make_ideal(device, (2, 3, 1), 2, seed) for seed in seeds]


@pytest.mark.parametrize('device', DEVICES)
def test_a_stack_computes_what_its_members_do(device):
    parts = members(device, [0, 1, 2])
    inputs = torch.randn((3, 5, 2), generator=torch.Generator().manual_seed(0))
    whole = stacked(parts)
    whole.quantised = True
    found = evaluate(whole, inputs).detach().numpy()
    for part, x, y in zip(parts, inputs, found, strict=True):
        np.testing.assert_allclose(y, part.export().evaluate(x.double().numpy()), atol=2e-4)


@pytest.mark.parametrize('device', ['bandpass', 'mlp'])
def test_networks_of_a_stack_do_not_influence_each_other(device):
    both = members(device, [0, 1])
    instances = [ProblemInstance(TWO[0], 0), ProblemInstance(TWO[1], 1)]
    fit(both, instances, SHORT, lambda share: None)
    alone = members(device, [1])
    fit(alone, instances[1:], SHORT, lambda share: None)
    for one, other in zip(both[1].parameters(), alone[0].parameters(), strict=True):
        np.testing.assert_allclose(one.detach(), other.detach(), atol=1e-3)


@pytest.mark.parametrize('device', DEVICES)
def test_training_improves_the_score(device):
    instance = ProblemInstance(TWO[0], 0)
    part = members(device, [0])
    before = scored(part[0], instance)
    after, *_ = fit_and_score([instance], part, replace(SHORT, steps=120, learning_rate=0.1))
    assert after.score < 0.9 * before.score
    assert (after.problem, after.seed) == (TWO[0].name, 0)


def test_gradients_are_shortened_for_each_member():
    parameter = torch.zeros((2, 3), requires_grad=True)
    parameter.grad = torch.tensor([[3.0, 4.0, 0.0], [0.3, 0.0, 0.4]])
    clip([parameter], 1.0)
    norms = parameter.grad.norm(dim=1)
    np.testing.assert_allclose(norms, [1.0, 0.5], rtol=1e-6)
