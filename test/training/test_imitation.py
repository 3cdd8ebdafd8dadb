"""Training is repeatable bit by bit, learns, and paces itself as it says."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from pkan_control.control.controller_file import load_controller_file, save_controller_file
from pkan_control.tasks.drone_hover import drone_hover
from pkan_control.training.imitation import (
    Examples,
    Settings,
    collect,
    draw_pairs,
    set_schedule,
)
from pkan_control.training.imitation_run import imitate
from pkan_control.training.recipe import Recipe, untrained
from pkan_control.training.train import Options, train_controller
from pkan_control.training.trainable import ChipNoise

SMALL = Settings(
    rounds=2,
    expert_flights=32,
    flights=16,
    flight_s=1.0,
    steps=60,
    chips=2,
    batch=128,
    pairs=32,
    warm_up=5,
)
TINY = Recipe((4,), 1, settings=SMALL)


def silent(done: float) -> None:
    """Report nothing."""


def trained(seed: int, device: str = 'bandpass') -> tuple[list[float], list[bytes]]:
    network = untrained(drone_hover, TINY, device, seed)
    losses = imitate(drone_hover, network, SMALL, seed, silent)
    return losses, [p.detach().numpy().tobytes() for p in network.parameters()]


@pytest.mark.slow
@pytest.mark.parametrize('device', ['bandpass', 'mlp'])
def test_training_is_repeatable(device):
    one, again, other = trained(0, device), trained(0, device), trained(1, device)
    assert one == again
    assert one[1] != other[1]
    assert len(one[0]) == SMALL.rounds + 1


@pytest.mark.parametrize('device', ['bandpass', 'mlp'])
def test_the_loss_falls(device):
    # Hardly any flights of its own, so that all rounds see the same states.
    settings = dataclasses.replace(SMALL, flights=2, steps=120)
    quiet = ChipNoise(0.0, 0.0, 0.0, 0.0)
    network = untrained(drone_hover, Recipe((8,), 4, quiet), device, 0)
    losses = imitate(drone_hover, network, settings, 0, silent)
    assert losses[-1] < 0.85 * losses[0]


def test_equal_seeds_make_equal_files(tmp_path, monkeypatch):
    monkeypatch.setattr('pkan_control.training.train.find_recipe', lambda task: TINY)
    paths = [tmp_path / name for name in ('one', 'again', 'other')]
    for path, seed in zip(paths, (3, 3, 4), strict=True):
        save_controller_file(
            path, train_controller(drone_hover, 'bandpass', seed, silent, Options(steps=30))
        )
    one, again, other = (path.read_bytes() for path in paths)
    assert one == again != other
    provenance = load_controller_file(paths[0]).provenance
    assert (provenance['seed'], provenance['settings']['steps']) == (3, 30)
    assert len(provenance['losses']) == 3
    assert provenance['noise'] == TINY.noise.to_json()


def test_the_learning_rate_warms_up_stays_and_decays_to_a_hundredth():
    settings = Settings(steps=1000, warm_up=100, decay_share=0.35, quantised_share=0.2)
    network = untrained(drone_hover, TINY, 'bandpass', 0)
    optimiser = torch.optim.Adam(network.parameters())
    rates, quantised = [], []
    for step in range(1000):
        set_schedule(optimiser, network, settings, step)
        rates.append(optimiser.param_groups[0]['lr'] / settings.learning_rate)
        quantised.append(network.quantised)
    np.testing.assert_allclose(rates[:100], (np.arange(100) + 1) / 100)
    np.testing.assert_allclose(rates[100:650], 1)
    assert all(np.diff(rates[650:]) < 0)
    assert rates[-1] == pytest.approx(0.01, rel=0.02)
    assert rates[825] == pytest.approx(0.1)
    assert quantised == [step >= 800 for step in range(1000)]


def test_progress_goes_from_nothing_to_all():
    shares: list[float] = []
    network = untrained(drone_hover, TINY, 'bandpass', 0)
    imitate(drone_hover, network, SMALL, 0, lambda share: shares.append(share))
    assert shares == sorted(shares)
    assert (len(shares), shares[0], shares[-1]) == (61, 1 / 60, 1.0)


def test_the_expert_labels_what_anyone_visits():
    seen, wanted = collect(drone_hover, None, 8, 0.5, np.random.default_rng(0))
    assert (seen.shape, wanted.shape) == ((200, 12), (200, 4))
    again, _ = collect(drone_hover, None, 8, 0.5, np.random.default_rng(0))
    np.testing.assert_array_equal(seen, again)

    def lazy(observation):
        return np.zeros((8, 4))

    visited, labels = collect(drone_hover, lazy, 8, 0.5, np.random.default_rng(0))
    np.testing.assert_array_equal(visited[:8], seen[:8])
    assert (visited[-8:] != seen[-8:]).any()
    law = drone_hover.law
    expert = drone_hover.expert(law.observation.denormalise(visited))
    free = np.abs(visited).max(axis=1) < 2.99
    assert free.sum() > 50
    np.testing.assert_allclose(labels[free], law.output.normalise(expert)[free], atol=1e-9)


def test_examples_are_all_kept_and_drawn():
    examples = Examples(torch.empty(0, 2), torch.empty(0, 1))
    examples.add(np.zeros((3, 2)), np.zeros((3, 1)))
    examples.add(np.ones((5, 2)), np.ones((5, 1)))
    observations, actions = examples.draw(400, torch.Generator().manual_seed(0))
    assert (len(examples.actions), observations.shape) == (8, (400, 2))
    assert torch.equal(observations[:, :1], actions)
    assert actions.mean() == pytest.approx(5 / 8, abs=0.1)


def test_mirrored_states_lie_on_both_sides_of_the_goal():
    both, wanted = draw_pairs(drone_hover, (3, 50), torch.Generator().manual_seed(0))
    assert (both.shape, wanted.shape) == ((3, 2, 50, 12), (3, 2, 50, 4))
    law = drone_hover.law
    centre = law.observation.normalise(drone_hover.goal_observation())
    middles = both.mean(dim=1).numpy()
    np.testing.assert_allclose(middles, np.broadcast_to(centre, middles.shape), atol=1e-5)
    spread = (both[:, 0] - both[:, 1]).numpy().std() / 2
    assert 0.03 < spread < 0.5
    expert = law.output.normalise(drone_hover.expert(law.observation.denormalise(both)))
    assert torch.equal(wanted, expert)
    assert not math.isnan(float(wanted.sum()))
