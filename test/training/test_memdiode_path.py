"""A network of memdiodes goes the whole way: trained, stored, on chips, to a supervisor."""

import numpy as np
import pytest

from pkan_control.chips.power import estimate_power
from pkan_control.chips.uri import open_chip
from pkan_control.control.controller import make_controller
from pkan_control.control.controller_file import (
    ControllerFile,
    load_controller_file,
    save_controller_file,
)
from pkan_control.control.supervisor import Limits, Supervisor
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller
from pkan_control.reporting.pictures.edges import draw_edges
from pkan_control.tasks.task import find_task
from pkan_control.training.imitation import Settings
from pkan_control.training.recipe import Recipe
from pkan_control.training.train import train_controller

SHORT = Settings(rounds=1, expert_flights=16, flights=8, flight_s=0.5, steps=22, chips=2, batch=64)
TASK = find_task('drone_hover')
STEP_NS = 20_000_000
CHIPS = ['ideal:', *(f'sim:?seed=1&preset={preset}' for preset in ('good', 'typical', 'bad'))]


@pytest.fixture(scope='module')
def controller_file(tmp_path_factory) -> ControllerFile:
    with pytest.MonkeyPatch.context() as patch:
        short = Recipe((4,), 2, settings=SHORT)
        patch.setattr('pkan_control.training.train.find_recipe', lambda task: short)
        trained = train_controller(TASK, 'memdiode', 0, lambda done: None)
    path = tmp_path_factory.mktemp('memdiode') / 'controller.safetensors'
    save_controller_file(path, trained)
    stored = load_controller_file(path)
    for ours, theirs in zip(trained.policy.layers, stored.policy.layers, strict=True):
        np.testing.assert_array_equal(theirs, ours)
    return stored


@pytest.mark.parametrize('uri', CHIPS)
def test_it_flies_on_every_chip(controller_file, uri):
    records = run_controller(Plan(TASK, 2), controller_file, uri, 1, lambda done: None)
    assert len(records) == 2
    assert all(np.isfinite(record.states).all() for record in records)


def test_the_pilot_of_a_node_commands_with_it(controller_file):
    chip = open_chip(CHIPS[2])
    supervisor = Supervisor(controller_file.law, make_controller(controller_file, chip), Limits())
    supervisor.on_goal(STEP_NS, 0.02, TASK.goal(0, 0, 0))
    decision = supervisor.on_state(STEP_NS, STEP_NS, 0.02, TASK.start(0, 0))
    assert decision is not None
    assert not decision.safe
    assert chip.telemetry().evaluations == 1


def test_its_edges_are_drawn_and_its_power_told(controller_file, tmp_path):
    inputs = [f'in {i}' for i in range(controller_file.policy.shape[0])]
    draw_edges(tmp_path / 'edges.png', controller_file.policy, inputs, ['a', 'b', 'c', 'd'])
    assert (tmp_path / 'edges.png').stat().st_size > 10_000
    estimate = estimate_power(controller_file.policy)
    watts = estimate.p50 / controller_file.policy.elements
    assert estimate.p10 == pytest.approx(estimate.p90)
    assert 1e-5 < watts < 2e-3
