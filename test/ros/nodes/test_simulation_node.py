"""The simulation node as a process, alone and with the controller node."""

import signal

import numpy as np
import pytest
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool, Trigger

from pkan_control.common.files import share
from pkan_control.common.message_fields import to_ns
from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.rollouts.record import read_records, rollout_hash
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller
from pkan_control.ros.nodes.messages import to_time
from pkan_control.tasks.task import find_task

ROTORS = find_task('drone_hover').law.command.names


def speeds(names, values, stamp_ns) -> JointState:
    message = JointState(name=list(names), velocity=values.tolist())
    message.header.stamp = to_time(stamp_ns)
    return message


LOCKSTEP = {'lockstep': 'true', 'real_time_factor': 0.0}


@pytest.fixture
def control(start, controller):
    """Return a function that starts the controller, ready to command, in simulated time."""
    return lambda chip='ideal:': start(
        'controller_node',
        controller=controller,
        chip=f"'{chip}'",
        autostart='true',
        enable='true',
        use_sim_time='true',
    )


@pytest.mark.slow
@pytest.mark.parametrize('chip', ['ideal:', 'sim:?seed=5&preset=typical&node_noise=0.05'])
def test_fault_35_a_rollout_over_ros_is_bit_equal_to_one_in_process(
    start, control, controller_file, tmp_path, chip
):
    path = tmp_path / 'episodes.jsonl'
    control(chip)
    simulation = start('simulation_node', seed=3, episodes=2, record=path, **LOCKSTEP)
    assert simulation.ends() == 0
    assert [text in simulation.text for text in ('episode 1: ', 'episode 2: ')] == [True, True]
    task = find_task('drone_hover')
    here = run_controller(Plan(task, 2, 3), controller_file, chip, 1, lambda done: None)
    there = read_records(path)
    assert [(r.seed, r.number) for r in there] == [(3, 0), (3, 1)]
    assert rollout_hash(there) == rollout_hash(here)
    assert all((r.took_ns > 0).all() for r in there)


def test_fault_23_without_its_controller_a_counted_lockstep_run_fails(
    start, control, probe, tmp_path
):
    path = tmp_path / 'episodes.jsonl'
    controller = control()
    # Slow enough not to be over before the controller is gone.
    pace = {'lockstep': 'true', 'real_time_factor': 1.0, 'lockstep_timeout': 0.5}
    simulation = start('simulation_node', episodes=1, record=path, **pace)
    probe.wait(lambda: len(probe.commands) > 5, 'commands')
    controller.send(signal.SIGKILL)
    assert simulation.ends() == 1
    errors = [line for line in simulation.text.splitlines() if '[ERROR]' in line]
    assert len(errors) == 1
    assert 'no command for 0.5 s: actuators zeroed, time stopped' in errors[0]
    assert read_records(path) == []


def interrupted(start, controller, probe, path, number: int, timeout_s: float) -> np.ndarray:
    """Return the commands of the real-time episode in which the controller gets a signal."""
    pace = {'real_time_factor': 2.0, 'command_timeout': timeout_s}
    simulation = start('simulation_node', record=path, **pace)
    # Not so late in an episode that the rotors would have no time to stop.
    early = 4_000_000_000
    probe.wait(lambda: len(probe.commands) > 5 and stamps(probe)[-1] < early, 'commands')
    controller.send(number)
    controller.process.wait(20)
    count = len(read_records(path))
    probe.wait(lambda: len(read_records(path)) > count, 'the end of the episode')
    simulation.send(signal.SIGINT)
    assert simulation.ends() == 0
    return read_records(path)[count].commands


@pytest.mark.slow
def test_fault_23_the_rotors_stop_when_the_controller_is_killed(start, control, probe, tmp_path):
    commands = interrupted(start, control(), probe, tmp_path / 'x', signal.SIGKILL, 0.2)
    last = np.flatnonzero(commands.any(axis=1))[-1]
    assert last < 280
    held = (commands[last::-1] == commands[last]).all(axis=1)
    # 0.2 s are ten periods; the command stands from the period in which it came.
    assert 10 <= int(np.argmin(held)) <= 12


@pytest.mark.slow
def test_a_controller_that_stops_leaves_the_rotors_still(start, control, probe, tmp_path):
    controller = control()
    # So long a timeout that only its safe command can have stopped them.
    commands = interrupted(start, controller, probe, tmp_path / 'x', signal.SIGTERM, 60.0)
    assert controller.ends() == 0
    assert np.flatnonzero(commands.any(axis=1))[-1] < 280


@pytest.mark.parametrize(
    ('parameters', 'named'),
    [
        ({'task': 'drive_to_mars'}, ['drive_to_mars', 'drone_hover']),
        ({'epsiodes': 1}, ['epsiodes', 'episodes']),
        ({'episodes': -1}, ['episodes', '-1', '0']),
        ({'episodes': 'many'}, ['episodes', 'many']),
        ({'lockstep_timeout': 0.01}, ['lockstep_timeout', '0.01', '0.1']),
        ({'record': '/proc/none/x'}, ['record', '/proc/none/x']),
    ],
    ids=str,
)
def test_a_bad_parameter_is_one_line_and_exit_code_two(start, parameters, named):
    simulation = start('simulation_node', **parameters)
    assert simulation.ends() == 2
    lines = simulation.text.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith('error: ')
    assert all(word in lines[0] for word in named)


def test_a_scenario_with_a_mistake_is_one_line_and_exit_code_two(start, tmp_path):
    path = tmp_path / 'storm.yaml'
    path.write_text('text: A storm.\ndrone: {wind_n: [1e-1, off, 0]}\n')
    simulation = start('simulation_node', scenario=str(path))
    assert simulation.ends() == 2
    assert simulation.text.splitlines() == [
        f"error: scenario {path}: drone.wind_n.value[1]: must be a number, not 'off'"
    ]


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('lockstep', ['true', 'false'])
def test_a_signal_ends_it_cleanly(start, probe, number, lockstep):
    simulation = start('simulation_node', lockstep=lockstep)
    probe.wait(lambda: probe.odometry, 'odometry')
    simulation.send(number)
    assert simulation.ends() == 0
    assert 'Traceback' not in simulation.text


def stamps(probe) -> list[int]:
    probe.drain()
    return [to_ns(message.header.stamp) for message in probe.odometry]


def test_pause_step_and_reset(start, probe):
    start('simulation_node')
    probe.wait(lambda: len(probe.odometry) > 2, 'odometry')
    assert not probe.call(Trigger, 'simulation_node/step').success
    assert probe.call(SetBool, 'simulation_node/pause', data=True).success
    paused = stamps(probe)[-1]
    for step in (1, 2):
        assert probe.call(Trigger, 'simulation_node/step').success
        expected = paused + step * 20_000_000
        probe.wait(lambda expected=expected: stamps(probe)[-1] == expected, 'a step')
    assert probe.call(Trigger, 'simulation_node/reset').success
    probe.wait(lambda: stamps(probe)[-1] == 20_000_000, 'the start')
    assert probe.call(SetBool, 'simulation_node/pause', data=False).success
    probe.wait(lambda: stamps(probe)[-1] >= 60_000_000, 'time')


def insist(probe, order: JointState, condition) -> None:
    """Publish an order until a condition holds: the first ones may find nobody there yet."""
    for _ in range(200):
        probe.orders.publish(order)
        if probe.spin(condition, 0.1):
            return
    raise AssertionError('in vain')


def test_fault_09_commands_that_do_not_name_the_rotors_are_refused(start, probe):
    simulation = start('simulation_node', **LOCKSTEP)
    probe.wait(lambda: probe.odometry, 'odometry')
    first, full = stamps(probe)[-1], np.full(4, 500.0)
    for names, why in (
        (ROTORS[:3], "missing ['rotor_4'], unknown []"),
        ((*ROTORS[:3], 'wing'), "missing ['rotor_4'], unknown ['wing']"),
        ((*ROTORS[:3], 'rotor_3'), 'a name appears twice'),
    ):
        order = speeds(names, full[: len(names)], first)
        insist(probe, order, lambda why=why: f'command refused: {why}' in simulation.text)
    probe.orders.publish(speeds(ROTORS, full * np.nan, first))
    probe.orders.publish(speeds(ROTORS, full, first + 1))
    assert set(stamps(probe)) == {first}
    shuffled = [ROTORS[i] for i in (2, 0, 3, 1)]
    order = speeds(shuffled, np.array([3500.0, 1000.0, 3500.0, 1000.0]), first)
    insist(probe, order, lambda: stamps(probe)[-1] > first)
    # Rotors 1 and 2 are on the right, 3 and 4, which are fast, on the left: it rolls to the right.
    before, after = (probe.odometry[i].twist.twist.angular for i in (0, -1))
    assert after.x > before.x + 0.1
    assert abs(after.y - before.y) < 0.1 * (after.x - before.x)


MOVING = {
    name: f'controllers/{name}.safetensors'
    for name in ('drone_track', 'vehicle_track', 'arm_track')
}


@pytest.mark.slow
@pytest.mark.parametrize('executor', ['events', 'single_threaded'])
@pytest.mark.parametrize('name', MOVING)
def test_fault_35_a_set_point_that_moves_is_followed_bit_by_bit(start, tmp_path, name, executor):
    file = MOVING[name]
    path = tmp_path / 'episodes.jsonl'
    start(
        'controller_node',
        controller=share(file),
        chip="'ideal:'",
        autostart='true',
        enable='true',
        use_sim_time='true',
        executor=executor,
        state_timeout=5.0,
    )
    simulation = start(
        'simulation_node',
        task=name,
        seed=3,
        episodes=1,
        record=path,
        executor=executor,
        **LOCKSTEP,
    )
    assert simulation.ends() == 0
    here = run_controller(
        Plan(find_task(name), 1, 3),
        load_controller_file(share(file)),
        'ideal:',
        1,
        lambda done: None,
    )
    assert rollout_hash(read_records(path)) == rollout_hash(here)
