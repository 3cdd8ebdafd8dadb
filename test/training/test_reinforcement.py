"""TD3 trains the network that runs: its actor is the member, its actions are the law's outputs."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pkan_control.tasks.cartpole import cartpole
from pkan_control.training.reinforcement import (
    EvaluationCallback,
    ScaledActor,
    Td3Settings,
    environment_of,
    reinforce,
    success_rate,
)
from pkan_control.training.train import Options, train_controller
from pkan_control.training.trainable import make_ideal

SHORT = Td3Settings(steps=60, first=20, batch=16, critic=(8,), every=50, trials=2)


def silent(*progress):
    """Say nothing."""


def trained(device: str, seed: int) -> list[np.ndarray]:
    member = make_ideal(device, (4, 2, 1), 2, seed)
    assert reinforce(cartpole, member, SHORT, seed, silent) == 60
    return [parameter.detach().numpy() for parameter in member.parameters()]


@pytest.mark.parametrize('device', ['bandpass', 'mlp'])
def test_the_seed_decides_and_the_network_changes(device):
    one, again = trained(device, 0), trained(device, 0)
    before = [p.detach().numpy() for p in make_ideal(device, (4, 2, 1), 2, 0).parameters()]
    for first, second, old in zip(one, again, before, strict=True):
        np.testing.assert_array_equal(first, second)
        assert (first != old).any()


def test_an_action_is_the_share_of_what_is_allowed():
    member = make_ideal('bandpass', (4, 2, 1), 2, 0)
    action = ScaledActor(member, torch.tensor([2.0])).eval()
    action.whole.quantised = True
    seen = torch.randn((50, 4), generator=torch.Generator().manual_seed(0))
    shares = action(seen).detach().numpy()
    outputs = member.export().evaluate(seen.double().numpy())
    np.testing.assert_allclose(shares, np.clip(outputs / 2, -1, 1), atol=1e-4)


def test_the_best_is_kept_and_training_ends_when_all_succeed():
    member = make_ideal('bandpass', (4, 2, 1), 2, 0)
    marks = iter([0.5, 0.2, 1.0])
    evaluation = EvaluationCallback(member, SHORT, lambda each: next(marks), silent)
    action = ScaledActor(member, torch.tensor([2.0]))
    evaluation.model = SimpleNamespace(actor=SimpleNamespace(mu=action))
    ended, kept = [], []
    for calls in (50, 75, 100, 150):
        with torch.no_grad():
            for parameter in action.parameters():
                parameter.fill_(float(calls))
        evaluation.n_calls = calls
        ended.append(not evaluation._on_step())
        kept.append(float(next(member.parameters()).detach().max()))
    assert ended == [False, False, False, True]
    assert kept == [50.0, 50.0, 50.0, 150.0]


def test_a_method_and_a_task_without_environment_are_refused(refused):
    with refused('method', "'ppo'", 'td3'):
        train_controller(cartpole, 'bandpass', 0, silent, Options(30, 'ppo'))
    with refused('drone_walk', 'Gymnasium'):
        environment_of(SimpleNamespace(name='drone_walk'))


def test_what_falls_at_once_does_not_succeed():
    member = make_ideal('bandpass', (4, 2, 1), 2, 0)
    assert success_rate(cartpole, member, 3) == 0.0


def test_the_controller_says_how_it_was_made():
    controller = train_controller(cartpole, 'bandpass', 0, silent, Options(30, 'td3'))
    assert (controller.provenance['method'], controller.provenance['steps']) == ('TD3', 30)
    assert controller.policy.shape == (4, 3, 1)
