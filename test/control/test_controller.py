"""A controller around recorded and real evaluators."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pkan_control.chips.ideal import IdealChip
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.chips.uri import open_chip
from pkan_control.control.controller import Controller, Digital, OnChip, make_controller
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.laws.drone import OBSERVATION, DroneLaw
from pkan_control.devices.deviations import Deviations
from pkan_control.networks.mlp import Mlp

LAW = DroneLaw()
GOAL = np.array([0.0, 0.0, 1.5])
NEAR = np.array([0.1, 0, 1.5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])


class Recorder:
    """Answers always the same, and notes what it was asked."""

    def __init__(self, outputs=(0.0, 0.0, 0.0, 0.0)) -> None:
        self.outputs, self.calls, self.episodes = np.array(outputs), [], []

    def begin(self, episode):
        """Note the episode."""
        self.episodes.append(episode)

    def __call__(self, observation, time_s):
        """Note the observation and the time."""
        self.calls.append((observation, time_s))
        return self.outputs


@pytest.fixture(scope='module')
def controller_file(make_program) -> ControllerFile:
    return ControllerFile('drone_hover', LAW, 50.0, make_program((12, 16, 4)))


@pytest.fixture(scope='module')
def mlp_file() -> ControllerFile:
    draw = np.random.default_rng(0)
    return ControllerFile(
        'drone_hover', LAW, 50.0, Mlp((draw.normal(size=(12, 4)),), (np.zeros(4),))
    )


def test_no_output_hovers_level():
    controller = Controller(LAW, Recorder())
    controller.reset(0)
    speeds = controller.step(NEAR, GOAL, 0.0)
    np.testing.assert_allclose(speeds, LAW.airframe.hover_speed, rtol=1e-12)


def test_outputs_mean_what_the_terms_say():
    controller = Controller(LAW, Recorder([0.5, 0, 0, 0]))
    controller.reset(0)
    thrust = LAW.airframe.thrust_coefficient * controller.step(NEAR, GOAL, 0.0) ** 2
    assert thrust.sum() / LAW.airframe.mass == pytest.approx(9.81 + 4.0)


def test_the_integral_runs_from_step_to_step_and_reset_forgets_it():
    recorder = Recorder()
    controller = Controller(LAW, recorder)
    controller.reset(7)
    for step in range(3):
        controller.step(NEAR, GOAL, step / 50)
    controller.reset(8)
    controller.step(NEAR, GOAL, 0.0)
    errors = [observation[0] for observation, _ in recorder.calls]
    np.testing.assert_allclose(errors, [-0.102, -0.104, -0.106, -0.102], rtol=1e-12)
    assert [time for _, time in recorder.calls] == [0.0, 0.02, 0.04, 0.0]
    assert recorder.episodes == [7, 8]


def test_a_failed_evaluation_leaves_the_integral():
    recorder = Recorder()
    controller = Controller(LAW, recorder)
    controller.reset(0)
    outputs, recorder.outputs = recorder.outputs, np.zeros(3)
    with pytest.raises(ValueError, match='acceleration_z'):
        controller.step(NEAR, GOAL, 0.0)
    recorder.outputs = outputs
    controller.step(NEAR, GOAL, 0.0)
    assert recorder.calls[-1][0][0] == pytest.approx(-0.102)


def test_inference_is_timed():
    controller = Controller(LAW, Recorder())
    controller.reset(0)
    assert controller.inference_ns == 0
    controller.step(NEAR, GOAL, 0.0)
    assert 0 < controller.inference_ns < 1e9


def test_a_chip_sees_normalised_squashed_observations(controller_file, by_hand):
    observation = OBSERVATION.denormalise(np.linspace(-1, 1, 12))
    outputs = OnChip(controller_file, IdealChip())(observation, 0.0)
    x = 1 / (1 + np.exp(-2 * np.linspace(-1, 1, 12)))
    np.testing.assert_allclose(outputs, by_hand(controller_file.policy, x), atol=1e-4)


@pytest.mark.parametrize('kind', ['controller_file', 'mlp_file'])
def test_the_evaluator_computes_what_the_stored_self_test_does(request, kind):
    controller_file = request.getfixturevalue(kind)
    evaluator = (
        Digital(controller_file) if kind == 'mlp_file' else OnChip(controller_file, IdealChip())
    )
    normal = np.random.default_rng(0).uniform(-1.5, 1.5, 12)
    outputs = evaluator(OBSERVATION.denormalise(normal), 0.0)
    np.testing.assert_allclose(outputs, controller_file.policy.evaluate(normal), atol=1e-12)


def test_extreme_observations_give_finite_commands(controller_file):
    controller = make_controller(controller_file, open_chip('sim:?preset=bad'))
    controller.reset(0)
    attitude = Rotation.from_rotvec([3.0, 0.4, -2.0]).as_quat()
    wild = np.concatenate([[1e6, -1e6, 1e6], attitude, [1e5, 1e5, -1e5], [1e4, -1e4, 1e4]])
    command = controller.step(wild, GOAL, 0.0)
    assert ((command >= 0) & (command <= LAW.airframe.max_speed)).all()


def test_a_chip_slower_than_the_control_period_is_refused(controller_file, refused):
    with refused('sim-3', '129', '20.0 ms'):
        OnChip(controller_file, SimulatedChip(3, Deviations(), 'multiplexed'))


def test_a_chip_just_fast_enough_is_taken(controller_file, make_program, refused):
    OnChip(controller_file, SimulatedChip(3, Deviations(), 'parallel'))
    fast = ControllerFile(
        'drone_hover', DroneLaw(rate_hz=1000.0), 1000.0, make_program((12, 16, 4))
    )
    with refused('1.0 ms'):
        OnChip(fast, SimulatedChip(3, Deviations(), 'parallel'))


def test_networks_and_mlps_are_not_mixed_up(controller_file, mlp_file, refused):
    with refused('MLP'):
        OnChip(mlp_file, IdealChip())
    with refused('chip'):
        Digital(controller_file)


def test_episodes_reach_the_chip(controller_file):
    controller = make_controller(controller_file, open_chip('sim:?preset=bad&node_noise=0.05'))

    def first(episode: int) -> np.ndarray:
        controller.reset(episode)
        return controller.step(NEAR, GOAL, 0.0)

    assert (first(1) == first(1)).all()
    assert (first(1) != first(2)).any()


def test_an_mlp_needs_no_program_on_its_chip(mlp_file):
    controller = make_controller(mlp_file, IdealChip())
    controller.reset(0)
    assert np.isfinite(controller.step(NEAR, GOAL, 0.0)).all()
