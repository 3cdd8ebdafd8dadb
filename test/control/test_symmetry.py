"""Symmetry averaging: what a chip adds to both outputs cancels."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.chips.ideal import untrimmed
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.chips.uri import open_chip
from pkan_control.control.controller import Digital, OnChip
from pkan_control.control.controller_file import ControllerFile, facts, load_controller_file
from pkan_control.control.laws.drone import HALF_TURN, DroneLaw
from pkan_control.control.laws.vehicle import LEFT_RIGHT, VehicleLaw
from pkan_control.control.symmetry import evaluations, symmetrised
from pkan_control.devices.deviations import Deviations
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller
from pkan_control.evaluation.studies import monte_carlo
from pkan_control.networks.mlp import Mlp
from pkan_control.sim.batched.vehicle import BatchedVehicle
from pkan_control.sim.world import find_world
from pkan_control.tasks.drone_hover import drone_hover
from pkan_control.tasks.vehicle_track import vehicle_track

LAW = VehicleLaw()
ONCE = LAW.switched_off('mirror')
WEIGHTS = np.random.default_rng(0).normal(size=(4, 2))
SEEN = st.lists(st.floats(-3, 3), min_size=4, max_size=4).map(np.array)


def network(observation: np.ndarray) -> np.ndarray:
    return np.tanh(observation @ WEIGHTS + 0.3)


@pytest.fixture(scope='module')
def controller_file(make_program) -> ControllerFile:
    return ControllerFile('vehicle_track', LAW, 50.0, make_program((4, 8, 2)))


@pytest.fixture(scope='module')
def shipped_file() -> ControllerFile:
    return load_controller_file(shipped_controller('vehicle_track'))


@given(SEEN, st.floats(-1, 1))
def test_an_offset_of_the_steering_changes_nothing(observation, offset):
    plain = symmetrised(LAW, network)(observation)
    shifted = symmetrised(LAW, lambda seen: network(seen) + np.array([offset, 0.0]))(observation)
    np.testing.assert_allclose(shifted, plain, atol=1e-15)


@given(SEEN)
def test_left_and_right_are_treated_alike(observation):
    ask = symmetrised(LAW, network)
    turned = ask(np.array(LEFT_RIGHT.observation) * observation)
    np.testing.assert_array_equal(turned, np.array(LEFT_RIGHT.output) * ask(observation))


@pytest.mark.parametrize(
    ('task', 'symmetry'),
    [(vehicle_track, LEFT_RIGHT), (drone_hover, HALF_TURN)],
    ids=['car', 'drone'],
)
@given(data=st.data())
def test_the_expert_is_its_own_mirror_image(task, symmetry, data):
    size = len(task.law.observation)
    seen = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=size, max_size=size)))
    values = task.law.observation.denormalise(np.array([seen, symmetry.observation * seen]))
    plain, turned = task.law.output.normalise(task.expert(values))
    np.testing.assert_allclose(turned, symmetry.output * plain, atol=1e-12)


@pytest.mark.parametrize(('law', 'symmetry'), [(LAW, LEFT_RIGHT), (DroneLaw(), HALF_TURN)])
def test_what_changes_sign_has_no_offset(law, symmetry):
    for terms, signs in ((law.observation, symmetry.observation), (law.output, symmetry.output)):
        assert len(terms) == len(signs)
        for signal, sign in zip(terms.signals, signs, strict=True):
            assert abs(sign) == 1
            assert sign > 0 or signal.offset == 0


def test_without_a_symmetry_a_network_is_evaluated_as_it_is():
    for law in (ONCE, DroneLaw()):
        assert symmetrised(law, network) is network
        assert evaluations(law) == 1
    assert evaluations(LAW) == 2


def test_torch_computes_the_same():
    seen = np.linspace(-1, 1, 8).reshape(2, 4)
    weights = torch.from_numpy(WEIGHTS)
    found = symmetrised(LAW, lambda x: torch.tanh(x @ weights + 0.3))(torch.from_numpy(seen))
    np.testing.assert_allclose(found.numpy(), symmetrised(LAW, network)(seen), atol=1e-12)


@pytest.mark.parametrize('law', [LAW, ONCE])
def test_an_offset_that_a_chip_adds_falls_out(controller_file, law):
    """The chip's last layer is trimmed off by a tenth of an output, far beyond its noise."""
    chip = SimulatedChip(0, Deviations())
    averaged = OnChip(ControllerFile('vehicle_track', law, 50.0, controller_file.policy), chip)
    observation = np.array([0.02, -0.1, 1.8, 0.3])
    before = averaged(observation, 0.0)
    gain, offset = untrimmed(controller_file.policy)[1]
    offset[0, 0] += 0.1
    chip.trim(1, gain, offset)
    after = averaged(observation, 0.0)
    lost = 0.0 if law is LAW else 0.1
    np.testing.assert_allclose(after - before, [lost, 0.0], atol=0.01)
    assert len(averaged.recent_inputs) == 2 * evaluations(law)


def test_an_mlp_is_averaged_in_the_same_way():
    mlp = Mlp((WEIGHTS,), (np.full(2, 0.3),))
    observation = np.array([0.02, -0.1, 1.8, 0.3])
    found = Digital(ControllerFile('vehicle_track', LAW, 50.0, mlp))(observation, 0.0)
    wanted = symmetrised(LAW, mlp.evaluate)(LAW.observation.normalise(observation))
    np.testing.assert_array_equal(found, wanted)


def test_a_chip_must_be_fast_enough_for_both(make_program, refused):
    chip = SimulatedChip(3, Deviations())
    program = make_program((4, 8, 2))
    chip.program(program)
    rate_hz = 0.75 / chip.identity.latency_s
    once, both = VehicleLaw(rate_hz=rate_hz, mirrored=False), VehicleLaw(rate_hz=rate_hz)
    OnChip(ControllerFile('vehicle_track', once, rate_hz, program), chip)
    with refused('sim-3', 'control period'):
        OnChip(ControllerFile('vehicle_track', both, rate_hz, program), chip)


@pytest.mark.slow
def test_drives_do_not_depend_on_those_before(shipped_file):
    chip = 'sim:?preset=typical&seed=4'
    both = run_controller(Plan(vehicle_track, 2), shipped_file, chip, 1, lambda done: None)
    second = run_controller(Plan(vehicle_track, 1, first=1), shipped_file, chip, 1, lambda n: None)
    np.testing.assert_array_equal(both[1].states, second[0].states)
    np.testing.assert_array_equal(both[1].commands, second[0].commands)


@pytest.mark.slow
def test_many_chips_at_once_are_averaged_as_each_alone(shipped_file, monkeypatch):
    def chips() -> list[SimulatedChip]:
        made = [open_chip(f'sim:?preset=typical&seed={seed}') for seed in (1, 2)]
        for chip in made:
            chip.program(shipped_file.policy)
        return made

    plan = Plan(vehicle_track, 2, 3)
    together = monte_carlo.run_chips(plan, shipped_file, chips())
    car, rate_hz = vehicle_track.car, vehicle_track.rate_hz
    monkeypatch.setattr(
        monte_carlo, 'find_world', lambda name: replace(find_world(name), study=None)
    )
    monkeypatch.setattr(monte_carlo, 'open_world', lambda *values: BatchedVehicle(car, rate_hz))
    alone = monte_carlo.run_chips(plan, shipped_file, chips())
    for name, values in together.figures.items():
        np.testing.assert_allclose(values, alone.figures[name], rtol=1e-6)


def test_a_drone_is_averaged_only_where_its_training_was():
    averaged = drone_hover.with_symmetry_averaging().law
    assert (averaged.symmetry, drone_hover.law.symmetry) == (HALF_TURN, None)
    assert DroneLaw.from_json(averaged.to_json()) == averaged
    assert averaged.switched_off('mirror') == drone_hover.law
    assert 'mirrored' not in drone_hover.law.to_json()


def test_a_file_reports_the_evaluations_of_its_network(controller_file):
    once = ControllerFile('vehicle_track', ONCE, 50.0, controller_file.policy)
    assert [facts(each)['evaluations_per_period'] for each in (controller_file, once)] == [2, 1]
