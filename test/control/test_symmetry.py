"""A network that is asked for the car and for its mirror image: what chips add falls out."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.chips.simulated import SimulatedChip
from pkan_control.chips.trimmed import untrimmed
from pkan_control.chips.uri import open_chip
from pkan_control.control.controller import Digital, OnChip
from pkan_control.control.controller_file import Bundle, facts, load_bundle
from pkan_control.control.laws.drone import HALF_TURN, DroneLaw
from pkan_control.control.laws.vehicle import SIDES, VehicleLaw
from pkan_control.control.symmetry import asked_by, evaluations
from pkan_control.devices.deviations import Deviations
from pkan_control.evaluation.rollouts.baselines import shipped
from pkan_control.evaluation.rollouts.rollout import Plan, fly_bundle
from pkan_control.evaluation.studies import monte_carlo as flock
from pkan_control.networks.mlp import Mlp
from pkan_control.sim.batched.vehicle import BatchedVehicle
from pkan_control.tasks.drone_hover import drone_hover
from pkan_control.tasks.vehicle_track import vehicle_track

LAW = VehicleLaw()
ONCE = LAW.switched_off('mirror')
WEIGHTS = np.random.default_rng(0).normal(size=(4, 2))
SEEN = st.lists(st.floats(-3, 3), min_size=4, max_size=4).map(np.array)


def network(observation: np.ndarray) -> np.ndarray:
    return np.tanh(observation @ WEIGHTS + 0.3)


@pytest.fixture(scope='module')
def bundle(make_program) -> Bundle:
    return Bundle('vehicle_track', LAW, 50.0, make_program((4, 8, 2)))


@pytest.fixture(scope='module')
def shipped_bundle() -> Bundle:
    return load_bundle(shipped('vehicle_track'))


@given(SEEN, st.floats(-1, 1))
def test_an_offset_of_the_steering_changes_nothing(observation, offset):
    plain = asked_by(LAW, network)(observation)
    shifted = asked_by(LAW, lambda seen: network(seen) + np.array([offset, 0.0]))(observation)
    np.testing.assert_allclose(shifted, plain, atol=1e-15)


@given(SEEN)
def test_left_and_right_are_treated_alike(observation):
    ask = asked_by(LAW, network)
    turned = ask(np.array(SIDES.seen) * observation)
    np.testing.assert_array_equal(turned, np.array(SIDES.said) * ask(observation))


@pytest.mark.parametrize(
    ('task', 'mirror'), [(vehicle_track, SIDES), (drone_hover, HALF_TURN)], ids=['car', 'drone']
)
@given(data=st.data())
def test_the_expert_is_its_own_mirror_image(task, mirror, data):
    size = len(task.law.observation)
    seen = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=size, max_size=size)))
    values = task.law.observation.denormalise(np.array([seen, mirror.seen * seen]))
    plain, turned = task.law.output.normalise(task.expert(values))
    np.testing.assert_allclose(turned, mirror.said * plain, atol=1e-12)


@pytest.mark.parametrize(('law', 'mirror'), [(LAW, SIDES), (DroneLaw(), HALF_TURN)])
def test_what_changes_sign_has_no_offset(law, mirror):
    for terms, signs in ((law.observation, mirror.seen), (law.output, mirror.said)):
        assert len(terms) == len(signs)
        for signal, sign in zip(terms.signals, signs, strict=True):
            assert abs(sign) == 1
            assert sign > 0 or signal.offset == 0


def test_without_a_mirror_a_network_is_asked_as_it_is():
    for law in (ONCE, DroneLaw()):
        assert asked_by(law, network) is network
        assert evaluations(law) == 1
    assert evaluations(LAW) == 2


def test_torch_computes_the_same():
    seen = np.linspace(-1, 1, 8).reshape(2, 4)
    weights = torch.from_numpy(WEIGHTS)
    found = asked_by(LAW, lambda x: torch.tanh(x @ weights + 0.3))(torch.from_numpy(seen))
    np.testing.assert_allclose(found.numpy(), asked_by(LAW, network)(seen), atol=1e-12)


@pytest.mark.parametrize('law', [LAW, ONCE])
def test_an_offset_that_a_chip_adds_falls_out(bundle, law):
    """The chip's last layer is trimmed off by a tenth of an output, far beyond its noise."""
    chip = SimulatedChip(0, Deviations())
    asked = OnChip(Bundle('vehicle_track', law, 50.0, bundle.policy), chip)
    observation = np.array([0.02, -0.1, 1.8, 0.3])
    before = asked(observation, 0.0)
    gain, offset = untrimmed(bundle.policy)[1]
    offset[0, 0] += 0.1
    chip.trim(1, gain, offset)
    after = asked(observation, 0.0)
    lost = 0.0 if law is LAW else 0.1
    np.testing.assert_allclose(after - before, [lost, 0.0], atol=0.01)
    assert len(asked.heard) == 2 * evaluations(law)


def test_an_mlp_is_asked_in_the_same_way():
    mlp = Mlp((WEIGHTS,), (np.full(2, 0.3),))
    observation = np.array([0.02, -0.1, 1.8, 0.3])
    found = Digital(Bundle('vehicle_track', LAW, 50.0, mlp))(observation, 0.0)
    wanted = asked_by(LAW, mlp.evaluate)(LAW.observation.normalise(observation))
    np.testing.assert_array_equal(found, wanted)


def test_a_chip_must_be_fast_enough_for_both(make_program, refused):
    chip = SimulatedChip(3, Deviations())
    program = make_program((4, 8, 2))
    chip.program(program)
    rate_hz = 0.75 / chip.identity.latency_s
    OnChip(Bundle('vehicle_track', VehicleLaw(rate_hz=rate_hz, mirrored=False), rate_hz, program),
           chip)  # fmt: skip
    with refused('sim-3', 'control period'):
        OnChip(Bundle('vehicle_track', VehicleLaw(rate_hz=rate_hz), rate_hz, program), chip)


def test_drives_do_not_depend_on_those_before(shipped_bundle):
    chip = 'sim:?preset=typical&seed=4'
    both = fly_bundle(Plan(vehicle_track, 2), shipped_bundle, chip, 1, lambda done: None)
    second = fly_bundle(Plan(vehicle_track, 1, first=1), shipped_bundle, chip, 1, lambda n: None)
    np.testing.assert_array_equal(both[1].states, second[0].states)
    np.testing.assert_array_equal(both[1].commands, second[0].commands)


def test_many_chips_at_once_are_asked_as_each_alone(shipped_bundle, monkeypatch):
    def chips() -> list[SimulatedChip]:
        made = [open_chip(f'sim:?preset=typical&seed={seed}') for seed in (1, 2)]
        for chip in made:
            chip.program(shipped_bundle.policy)
        return made

    plan = Plan(vehicle_track, 2, 3)
    together = flock.fly(plan, shipped_bundle, chips())
    monkeypatch.setattr(flock, 'study_world', lambda *told: None)
    monkeypatch.setattr(
        flock, 'open_world', lambda *told: BatchedVehicle(vehicle_track.car, vehicle_track.rate_hz)
    )
    alone = flock.fly(plan, shipped_bundle, chips())
    for name, values in together.figures.items():
        np.testing.assert_allclose(values, alone.figures[name], rtol=1e-6)


def test_a_drone_is_asked_twice_only_where_its_training_was():
    asked = drone_hover.with_mirror().law
    assert (asked.mirror, drone_hover.law.mirror) == (HALF_TURN, None)
    assert DroneLaw.from_json(asked.to_json()) == asked
    assert asked.switched_off('mirror') == drone_hover.law
    assert 'mirrored' not in drone_hover.law.to_json()


def test_a_file_tells_how_often_its_network_is_asked(bundle):
    once = Bundle('vehicle_track', ONCE, 50.0, bundle.policy)
    assert [facts(each)['evaluations_per_period'] for each in (bundle, once)] == [2, 1]
