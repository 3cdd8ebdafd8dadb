"""The drone's law: frames, integrator, mixer, and the expert through it."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial.transform import Rotation

from pkan_control.control.laws import make_law
from pkan_control.control.laws.drone import PARTS, DroneLaw, DroneMemory
from pkan_control.robots.quadrotor import CRAZYFLIE
from pkan_control.sim.batched.drone import BatchedDrone
from pkan_control.sim.quadrotor_dynamics import Conditions
from pkan_control.tasks.drone_hover import DroneHover

LAW = DroneLaw()
GOAL = np.array([0.0, 0.0, 1.5])
VECTORS = arrays.arrays(np.float64, (3,), elements=st.floats(-3, 3))


def state(position=(0, 0, 1.5), turn=(0, 0, 0), velocity=(0, 0, 0), rate=(0, 0, 0)) -> np.ndarray:
    attitude = Rotation.from_rotvec(turn).as_quat()
    return np.concatenate([position, attitude, velocity, rate])


def seen(now: np.ndarray, goal: np.ndarray = GOAL, memory: np.ndarray | None = None) -> np.ndarray:
    return LAW.observe(LAW.start(now) if memory is None else memory, now, goal)[1]


@given(VECTORS, VECTORS, VECTORS, VECTORS, st.floats(-np.pi, np.pi))
def test_the_observation_does_not_know_the_yaw(offset, tilt, velocity, rate, yaw):
    turned = Rotation.from_rotvec([0, 0, yaw])
    attitude = (turned * Rotation.from_rotvec(tilt)).as_rotvec()
    before = seen(state(GOAL - offset, tilt, velocity, rate))
    after = seen(state(GOAL - turned.apply(offset), attitude, velocity, rate))
    np.testing.assert_allclose(after, before, atol=1e-9)


@given(VECTORS, VECTORS, VECTORS)
def test_the_observation_depends_on_the_way_to_the_goal_alone(position, tilt, shift):
    before = LAW.observe(LAW.start(state()), state(position, tilt), GOAL)
    after = LAW.observe(LAW.start(state()), state(position + shift, tilt), GOAL + shift)
    for ours, theirs in zip(before, after, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_the_error_is_seen_from_the_body():
    left = state((0, -0.8, 1.5), turn=(0, 0, np.pi / 2))
    np.testing.assert_allclose(seen(left)[:3], [0.8, 0, 0], atol=1e-12)


def test_far_errors_and_high_speeds_keep_their_direction():
    observation = seen(state((-30, -40, 1.5), velocity=(0, 0, -20)))
    np.testing.assert_allclose(observation[:6], [0.6, 0.8, 0, 0, 0, -4], atol=1e-12)


def test_up_is_the_world_axis_in_the_body():
    rolled = seen(state(turn=(np.pi / 6, 0, 0)))[6:9]
    np.testing.assert_allclose(rolled, [0, 0.5, np.sqrt(0.75)], atol=1e-12)
    pitched = seen(state(turn=(0, np.pi / 6, 0)))[6:9]
    np.testing.assert_allclose(pitched, [-0.5, 0, np.sqrt(0.75)], atol=1e-12)


def test_rates_pass_as_they_are():
    np.testing.assert_array_equal(seen(state(rate=(1, -2, 3)))[9:], [1, -2, 3])


def integral(now: np.ndarray, steps: int = 1) -> np.ndarray:
    memory = LAW.start(now)
    assert (memory[DroneMemory.integral] == 0).all()
    for _ in range(steps):
        memory, _ = LAW.observe(memory, now, GOAL)
    return memory[DroneMemory.integral]


def remembering(integral: list[float]) -> np.ndarray:
    return np.concatenate([integral, LAW.start(state())[3:]])


def test_the_integral_is_the_error_over_time():
    near = state((0.2, -0.2, 1.4), turn=(0, 0, np.pi / 2))
    np.testing.assert_allclose(integral(near, 25), [0.1, 0.1, 0.05], atol=1e-12)


@pytest.mark.parametrize(
    ('distance', 'speed', 'runs'),
    [(0.39, 0.0, True), (0.41, 0.0, False), (0.1, 0.99, True), (0.1, 1.01, False)],
)
def test_the_integral_runs_near_and_slow_only(distance, speed, runs):
    now = state((distance, 0, 1.5), velocity=(0, speed, 0))
    assert (integral(now) != 0).any() == runs


def test_the_integral_is_kept_while_it_rests():
    memory, _ = LAW.observe(remembering([0.1, 0.2, 0.3]), state((5, 0, 0)), GOAL)
    np.testing.assert_array_equal(memory[DroneMemory.integral], [0.1, 0.2, 0.3])


@given(arrays.arrays(np.float64, (3,), elements=st.floats(-0.22, 0.22)))
def test_the_integral_is_limited(offset):
    memory = integral(state(GOAL + offset), 300)
    assert np.linalg.norm(memory) <= 1 + 1e-12
    assert np.linalg.norm(memory) == pytest.approx(min(1, 6 * np.linalg.norm(offset)), abs=1e-6)


def test_the_integral_is_added_to_the_error_in_the_body():
    observation = seen(state(turn=(0, 0, np.pi / 2)), memory=remembering([0.5, 0, 0]))
    np.testing.assert_allclose(observation[:3], [0.5, 0, 0], atol=1e-12)


def command(action: list[float]) -> np.ndarray:
    return LAW.act(LAW.start(state()), state(), np.array(action))[1]


@pytest.mark.parametrize(
    ('axis', 'faster'), [(1, {2, 3}), (2, {1, 2}), (3, {1, 3}), (0, {0, 1, 2, 3})]
)
def test_positive_accelerations_speed_up_the_rotors_that_make_them(axis, faster):
    # Roll right side down: left rotors. Nose down: back rotors. Yaw left: clockwise rotors.
    action = np.array([9.81, 0.0, 0.0, 0.0])
    action[axis] += 1.0
    change = command(action) - command([9.81, 0, 0, 0])
    assert set(np.flatnonzero(change > 0)) == faster
    assert (change[sorted({0, 1, 2, 3} - faster)] < 0).all()


@given(arrays.arrays(np.float64, (4,), elements=st.floats(-1e4, 1e4)))
def test_commands_stay_in_the_range_of_their_terms(action):
    speeds = command(action)
    for value, term in zip(speeds, LAW.command.signals, strict=True):
        assert term.offset - term.scale <= value <= term.offset + term.scale


def test_acting_leaves_the_integral():
    memory, _ = LAW.act(remembering([0.1, 0.2, 0.3]), state(), np.zeros(4))
    np.testing.assert_array_equal(memory[DroneMemory.integral], [0.1, 0.2, 0.3])


def hovering(law: DroneLaw, conditions: Conditions, steps: int = 150) -> np.ndarray:
    """Return the law's memory after the expert has held a drone in some conditions."""
    world = BatchedDrone(law.airframe, 50.0, conditions)
    now = world.reset(state(turn=(0, 0, 2.0)), np.random.default_rng(0))
    memory = law.start(now)
    for _ in range(steps):
        memory, observation = law.observe(memory, now, GOAL)
        memory, command = law.act(memory, now, DroneHover().expert(observation))
        now = world.step(command)
    assert np.linalg.norm(now[:3] - GOAL) < 0.02
    return memory


def test_the_force_is_observed_in_the_world():
    wind = np.array([0.03, -0.02, 0.01])
    memory = hovering(LAW, Conditions(wind_n=wind))
    np.testing.assert_allclose(memory[DroneMemory.force], wind / 0.027, atol=0.05)


def test_a_heavy_drone_is_a_force_downwards():
    # Thrust for 1.2 times the weight: a fifth of g more than its own model expects.
    memory = hovering(LAW, Conditions(mass=1.2))
    np.testing.assert_allclose(memory[DroneMemory.force], [0, 0, -9.81 / 5], atol=0.05)


def test_the_torque_of_unequal_motors_is_observed_in_the_body():
    thrust = np.array([0.97, 1.03, 1.0, 1.0])
    memory = hovering(LAW, Conditions(thrust=thrust))
    made = thrust * 0.027 * 9.81 / 4
    expected = CRAZYFLIE.mixing @ (made / thrust - made)
    wanted = -expected[1:3] / CRAZYFLIE.inertia[0]
    np.testing.assert_allclose(memory[DroneMemory.torque][:2], wanted, atol=0.4)


@pytest.mark.parametrize(
    ('part', 'columns'), [('force', DroneMemory.force), ('torque', DroneMemory.torque)]
)
def test_an_observer_that_is_off_observes_nothing(part, columns):
    law = LAW.switched_off(part)
    memory = law.start(state())
    for velocity in (0.0, 0.3, 0.5):
        memory, _ = law.observe(memory, state(velocity=(velocity, 0, 0), rate=(1, 0, 0)), GOAL)
        memory, _ = law.act(memory, state(), np.array([9.81, 5.0, 0, 0]))
    assert (memory[columns] == 0).all()


def test_the_lead_adds_the_change_of_what_is_asked():
    quick, plain = LAW, LAW.switched_off('lead')
    first, second = np.array([9.81, 0, 0, 0]), np.array([9.81, 3.0, 0, 0])
    memory, _ = quick.act(quick.start(state()), state(), first)
    led = quick.act(memory, state(), second)[1]
    np.testing.assert_allclose(led, plain.act(memory, state(), 2 * second - first)[1])


def test_parts_switch_off_one_by_one_or_all(refused):
    off = LAW.switched_off('all')
    assert {getattr(off, name) for name in PARTS.values()} == {0.0}
    one = LAW.switched_off('lead')
    assert (one.motor_lead_s, one.force_observer) == (0.0, LAW.force_observer)
    with refused("'wings'", 'force', 'integral'):
        LAW.switched_off('wings')


def test_a_moving_goal_gives_velocity_and_acceleration():
    law = DroneLaw(moving=True)
    goal = np.array([0, 0, 1.5, 1.0, 0, 0, 0, 2.0, 1.0])
    memory, observation = law.observe(law.start(state()), state(velocity=(1.0, 0, 0)), goal)
    np.testing.assert_allclose(observation[:6], 0, atol=1e-12)
    np.testing.assert_allclose(observation[6:9], [0, 2.0 / 9.81, 1], atol=1e-12)
    speeds = law.act(memory, state(), np.array([9.81, 0, 0, 0]))[1]
    assert law.airframe.wrench(speeds)[0] == pytest.approx(0.027 * 10.81)
    assert (len(law.goal_names), len(LAW.goal_names)) == (9, 3)


def test_the_turning_of_a_path_is_not_seen_as_a_rate():
    """A drone that flies a circle, leaning inwards, turns as fast as its path asks."""
    law = DroneLaw(moving=True, tilt_lag_s=0.0, turning_ahead=1.0)
    omega, pull = 2.0, 5.0
    lean = np.arctan2(pull, 9.81)

    def at(step: int) -> tuple[np.ndarray, np.ndarray]:
        phase = omega * step / law.rate_hz
        inwards = -np.array([np.cos(phase), np.sin(phase), 0])
        axis = np.cross([0, 0, 1], inwards)
        turned = Rotation.from_rotvec(lean * axis)
        # The axis of the thrust goes round; nothing turns about it.
        thrust = turned.apply([0, 0, 1])
        change = omega * np.cross([0, 0, 1], thrust)
        rate = turned.inv().apply(np.cross(thrust, change))
        now = state(turn=lean * axis, rate=rate)
        return now, np.concatenate([now[:3], [0, 0, 0], pull * inwards])

    memory = law.start(at(0)[0])
    for step in range(3):
        now, goal = at(step)
        memory, observation = law.observe(memory, now, goal)
        memory, _ = law.act(memory, now, np.array([9.81, 0, 0, 0]))
    assert np.linalg.norm(now[10:]) == pytest.approx(omega * np.sin(lean), rel=1e-6)
    np.testing.assert_allclose(observation[9:], 0, atol=0.03)
    less = law.switched_off('turning')
    np.testing.assert_array_equal(less.observe(memory, now, goal)[1][9:], now[10:])
    assert make_law('drone', law.to_json()) == law
    assert 'turning_ahead' not in LAW.to_json()


@given(st.floats(-np.pi, np.pi))
def test_the_expert_hovers_at_the_goal(yaw):
    speeds = command(DroneHover().expert(seen(state(turn=(0, 0, yaw)))))
    thrust = LAW.airframe.thrust_coefficient * speeds**2
    np.testing.assert_allclose(thrust, 0.027 * 9.81 / 4, rtol=1e-12)


def test_the_goal_observation_is_that_of_hovering():
    np.testing.assert_allclose(DroneHover().goal_observation(), seen(state()), atol=1e-15)


def test_the_safe_command_stops_all_rotors():
    np.testing.assert_array_equal(LAW.safe_command(), [0, 0, 0, 0])


def test_torch_and_batches_compute_the_same():
    task, draw = DroneHover(), np.random.default_rng(0)
    states, memory = task.training_starts(draw, 30), draw.normal(0, 0.1, (30, DroneMemory.size))
    action = draw.normal(0, 1, (30, 4)) * [8, 100, 100, 20] + [9.81, 0, 0, 0]

    def run(memory, states, goal, action):
        integral, observation = LAW.observe(memory, states, goal)
        return integral, observation, LAW.act(integral, states, action)[1]

    arrays_ = (memory, states, GOAL, action)
    ours, theirs = run(*arrays_), run(*map(torch.from_numpy, arrays_))
    for number, (array, tensor) in enumerate(zip(ours, theirs, strict=True)):
        np.testing.assert_allclose(tensor.numpy(), array, atol=1e-10)
        single = run(memory[4], states[4], GOAL, action[4])[number]
        np.testing.assert_allclose(single, array[4], atol=1e-10)


def test_parameters_come_back_from_json():
    law = DroneLaw(rate_hz=100.0, integral_gain=0.3, error_limit_m=2.0)
    assert make_law('drone', json.loads(json.dumps(law.to_json()))) == law


@pytest.mark.parametrize('parameters', [{}, {'airframe': 3}, {'airframe': {}}, {'colour': 1}])
def test_parameters_that_are_none_are_refused(refused, parameters):
    with refused('law drone'):
        make_law('drone', parameters)


def hostile(**changes: object) -> dict:
    return {**DroneLaw().to_json(), **changes}


@pytest.mark.parametrize(
    'parameters',
    [
        hostile(rate_hz=0.0),
        hostile(integral_limit_m=-1.0),
        hostile(airframe={**DroneLaw().to_json()['airframe'], 'mass': 'heavy'}),
        hostile(airframe={**DroneLaw().to_json()['airframe'], 'mass': -1.0}),
        hostile(airframe={**DroneLaw().to_json()['airframe'], 'rotors': [[0.0, 0.1]] * 3}),
        hostile(**{'line\nbreak': 1}),
    ],
)
def test_parameters_of_no_drone_are_refused(refused, parameters):
    with refused('law drone'):
        make_law('drone', parameters)


def test_unknown_law_names_the_known(refused):
    with refused("'boat'", 'drone'):
        make_law('boat', {})


def test_fault_33_the_safe_command_of_a_drone_is_rotors_at_rest():
    law = DroneLaw()
    np.testing.assert_array_equal(law.safe_command(), np.zeros(4))
    assert law.command.names == ('rotor_1', 'rotor_2', 'rotor_3', 'rotor_4')
