"""Clones learn what was recorded, repeatably, and are judged on time that they have not seen."""

import dataclasses

import numpy as np
import pytest

from pkan_control.control.controller_file import (
    ControllerFile,
    load_controller_file,
    save_controller_file,
)
from pkan_control.evaluation.bags.demonstrations import read_demonstrations
from pkan_control.evaluation.bags.writer import BagWriter
from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.networks.mlp import MLP
from pkan_control.tasks.task import find_task
from pkan_control.training.cloning import TaskWithTeacher, clone, fidelity_of, fit_recordings
from pkan_control.training.imitation import Settings
from pkan_control.training.recipe import Recipe, untrained
from pkan_control.training.trainable import ChipNoise

SMALL = Settings(
    rounds=1,
    expert_flights=16,
    flights=8,
    flight_s=0.5,
    steps=40,
    chips=2,
    batch=128,
    pairs=32,
    warm_up=5,
)
TASK = find_task('drone_hover')


def silent(done: float) -> None:
    """Report nothing."""


@pytest.fixture(scope='module')
def recorded(tmp_path_factory):
    """Return a folder with two recorded flights of the expert."""
    folder, plan = tmp_path_factory.mktemp('bags'), Plan(TASK, 2, 9)
    for record in run_expert(plan, lambda done: None):
        BagWriter(folder).add(plan, record)
    return folder


@pytest.fixture(scope='module')
def lessons(recorded):
    return read_demonstrations(recorded, TASK.law, {}, lambda done, total: None)[0]


def test_an_mlp_learns_what_was_recorded_and_does_it_in_held_out_time(lessons):
    settings = dataclasses.replace(SMALL, steps=400, batch=512)
    network = untrained(TASK, Recipe((8,), 3), MLP, 0)
    before = fidelity_of(
        lessons, ControllerFile(TASK.name, TASK.law, TASK.rate_hz, network.export())
    )
    first = fit_recordings(lessons, network, dataclasses.replace(settings, steps=20), 0, silent)
    last = fit_recordings(lessons, network, settings, 0, silent)
    after = fidelity_of(
        lessons, ControllerFile(TASK.name, TASK.law, TASK.rate_hz, network.export())
    )
    assert last < first / 2
    (name,) = after
    assert after[name].command_rmse < before[name].command_rmse / 2
    assert len(after[name].r2) == 4


def test_held_out_time_is_not_learnt_from(lessons):
    """Spoil the held-out actions: nothing changes."""
    actions = np.where(lessons.held_out[:, None], 1e3, lessons.actions)
    spoilt = dataclasses.replace(lessons, actions=actions)
    exports = []
    for each in (lessons, spoilt):
        network = untrained(TASK, Recipe((4,), 1), MLP, 0)
        fit_recordings(each, network, SMALL, 0, silent)
        exports.append(network.export())
    np.testing.assert_array_equal(exports[0].weights[0], exports[1].weights[0])


def test_the_same_seed_makes_the_same_controllers(lessons, tmp_path, monkeypatch):
    short = Recipe((4,), 1, ChipNoise(), SMALL)
    monkeypatch.setattr('pkan_control.training.cloning.find_recipe', lambda task: short)
    for name in ('one', 'again'):
        found = clone(TASK, lessons, 'bandpass', 3, silent, 30)
        assert list(found) == [MLP, 'bandpass']
        save_controller_file(tmp_path / name, found['bandpass'])
    assert (tmp_path / 'one').read_bytes() == (tmp_path / 'again').read_bytes()
    provenance = load_controller_file(tmp_path / 'one').provenance
    assert provenance['method'] == 'cloned from recorded flights'
    assert provenance['ticks'] == int((~lessons.held_out).sum())
    assert set(fidelity_of(lessons, found['bandpass'])) == {'ideal chip', '10 typical chips'}


def test_a_teacher_answers_in_the_units_of_the_terms():
    mlp = untrained(TASK, Recipe((4,), 1), MLP, 0).export()
    law = TASK.law
    values = law.observation.denormalise(np.random.default_rng(0).normal(size=(5, 12)) / 3)
    wanted = law.output.denormalise(mlp.evaluate(law.observation.normalise(values)))
    np.testing.assert_allclose(TaskWithTeacher(TASK, mlp).expert(values), wanted)
    assert TaskWithTeacher(TASK, mlp).rate_hz == TASK.rate_hz
