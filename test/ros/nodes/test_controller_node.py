"""The controller node as a process: transitions, refusals, commands, and its end."""

import math
import signal
import time

import numpy as np
import psutil
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool, Trigger

from pkan_control.ros.nodes.messages import odometry, to_time

STATE = np.array([0.1, 0, 1.5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
ROTORS = ['rotor_1', 'rotor_2', 'rotor_3', 'rotor_4']
ENDS = {'deactivate': None, 'SIGTERM': signal.SIGTERM, 'SIGINT': signal.SIGINT}


@pytest.fixture
def node(start, controller):
    """Return a function that starts the node with the random controller."""
    return lambda **parameters: start(
        'controller_node', **{'controller': controller, **parameters}
    )


def senders(probe) -> list[str]:
    """Return the nodes that publish commands; one that has ended takes a moment to disappear."""
    return [p.node_name for p in probe.node.get_publishers_info_by_topic('command')]


def test_it_goes_through_its_states_and_is_light(node, probe):
    running = node()
    assert probe.state_of() == 'unconfigured'
    for _ in range(2):
        for transition, state in (
            ('configure', 'inactive'),
            ('activate', 'active'),
            ('deactivate', 'inactive'),
            ('cleanup', 'unconfigured'),
        ):
            assert probe.change(transition)
            assert probe.state_of() == state
        assert probe.node.count_publishers('controller_node/shadow_command') == 0
    probe.change('configure')
    process = psutil.Process(running.process.pid)
    loaded = ' '.join(m.path for m in process.memory_maps())
    assert 'rcl' in loaded
    assert 'torch' not in loaded
    assert 'pybullet' not in loaded
    assert process.memory_info().rss < 120e6
    assert probe.change('inactive_shutdown')
    assert running.ends() == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ('parameters', 'named'),
    [
        ({'controller': "''"}, ['parameter controller is empty']),
        ({'controller': '/no/such/file'}, ['/no/such/file', 'no such file']),
        ({'controller': __file__}, [__file__, 'not a whole safetensors file']),
        ({'chip': "'sim:?readout=multiplexed'"}, ['sim-0', 'ms', '20.0 ms']),
        ({'chip': "'usb:'"}, ['usb:', 'ideal:']),
        ({'state_timout': 0.1}, ['state_timout', 'state_timeout']),
    ],
    ids=str,
)
def test_what_it_cannot_use_leaves_it_unconfigured(node, probe, parameters, named):
    running = node(enable='true', autostart='true', **parameters)
    assert not probe.change('configure')
    assert probe.state_of() == 'unconfigured'
    probe.send_state()
    assert probe.state_of() == 'unconfigured'
    assert probe.commands == []
    probe.wait(lambda: senders(probe) == ['probe'], 'the probe alone on command')
    errors = [line for line in running.text.splitlines() if '[ERROR]' in line]
    assert any(all(word in line for word in named) for line in errors)
    assert 'Traceback' not in running.text
    running.send(signal.SIGTERM)
    assert running.ends() == 0


@pytest.mark.parametrize('wrong', [{'state_timeout': 0.0}, {'enable': 1}], ids=str)
def test_a_parameter_out_of_range_or_of_another_type_ends_it(node, wrong):
    running = node(**wrong)
    assert running.ends() == 2
    (name,) = wrong
    assert running.text.startswith(f'error: parameter {name} of controller_node: ')
    assert running.text.count('\n') == 1


def test_commands_answer_states(node, probe):
    node(enable='true', autostart='true')
    sent = probe.exchange(probe.commands, 5)
    stamps = [c.header.stamp.sec * 10**9 + c.header.stamp.nanosec for c in probe.commands]
    assert set(stamps) <= set(sent)
    assert all(list(c.name) == ROTORS for c in probe.commands)
    assert all(c.velocity[0] > 0 for c in probe.commands)
    assert probe.shadows == []


def test_a_dry_run_publishes_shadow_commands_only(node, probe):
    running = node(autostart='true')
    probe.exchange(probe.shadows, 5)
    assert probe.commands == []
    probe.wait(lambda: senders(probe) == ['probe'], 'the probe alone on command')
    running.send(signal.SIGTERM)
    assert running.ends() == 0


def diagnosed(probe, key: str) -> int:
    """Return the latest count of that key, or -1."""
    if not probe.diagnostics:
        return -1
    (status,) = probe.diagnostics[-1].status
    return int({pair.key: pair.value for pair in status.values}[key])


@pytest.mark.slow
def test_fault_05_states_that_are_not_finite_are_dropped_and_counted(node, probe):
    node(enable='true', autostart='true', state_timeout=60.0)
    probe.exchange(probe.commands, 1)
    probe.drain()
    before = len(probe.commands)
    for _ in range(10):
        probe.send_state(np.where(np.arange(13) == 8, math.nan, STATE))
        probe.executor.spin_once(timeout_sec=0.02)
    probe.wait(lambda: diagnosed(probe, 'states rejected') > 0, 'diagnostics')
    assert len(probe.commands) == before
    (status,) = probe.diagnostics[-1].status
    assert (status.name, status.level) == ('/controller_node', b'\x01')
    assert status.message.startswith('state: not finite')
    assert diagnosed(probe, 'commands') == before


@pytest.mark.slow
def test_fault_02_a_state_that_stays_away_is_answered_by_one_safe_command(node, probe):
    node(enable='true', autostart='true')
    probe.exchange(probe.commands, 3)
    probe.wait(lambda: not any(probe.commands[-1].velocity), 'the watchdog')
    probe.wait(lambda: diagnosed(probe, 'watchdog fired') == 1, 'diagnostics')
    assert [any(c.velocity) for c in probe.commands[-2:]] == [True, False]


@pytest.mark.parametrize('executor', ['events', 'single_threaded'])
def test_fault_02_a_limit_made_shorter_in_flight_holds_from_then_on(node, probe, executor):
    node(enable='true', autostart='true', state_timeout=60.0, executor=executor)
    probe.exchange(probe.commands, 3)
    assert change(probe, state_timeout=0.1).successful
    probe.exchange(probe.commands, len(probe.commands) + 1)
    began = time.monotonic()
    probe.wait(lambda: not any(probe.commands[-1].velocity), 'the watchdog')
    assert 0.05 < time.monotonic() - began < 2.0


@pytest.mark.slow
@pytest.mark.parametrize('end', ENDS)
def test_fault_20_at_the_end_exactly_one_safe_command(node, probe, end):
    running = node(enable='true', autostart='true')
    probe.exchange(probe.commands, 5)
    if ENDS[end] is None:
        assert probe.change('deactivate')
    else:
        running.send(ENDS[end])
    probe.wait(lambda: not any(probe.commands[-1].velocity), 'the safe command')
    for _ in range(10):
        probe.send_state()
        probe.drain()
    if ENDS[end] is None:
        assert probe.state_of() == 'inactive'
        running.send(signal.SIGTERM)
    assert running.ends() == 0
    probe.drain()
    moving = [any(c.velocity) for c in probe.commands]
    assert moving == [True] * (len(moving) - 1) + [False]
    assert 'Traceback' not in running.text


def request(probe, name: str):
    """Call a service of the node: enable and dry_run with their data, others without."""
    if name in ('enable', 'dry_run'):
        return probe.call(SetBool, 'controller_node/enable', data=name == 'enable')
    return probe.call(Trigger, f'controller_node/{name}')


def test_going_live_and_back_leaves_one_safe_command_between(node, probe):
    node(autostart='true', state_timeout=5.0)
    refused = request(probe, 'enable')
    assert not refused.success
    assert 'never received' in refused.message
    probe.exchange(probe.shadows, 2)
    assert request(probe, 'enable').success
    probe.send_until(lambda: len(probe.commands) > 2, 'commands')
    assert not any(probe.shadows[-1].velocity)
    assert any(probe.commands[-1].velocity)
    assert request(probe, 'dry_run').success
    probe.wait(lambda: not any(probe.commands[-1].velocity), 'the safe command')
    count = len(probe.commands)
    probe.exchange(probe.shadows, len(probe.shadows) + 3)
    assert len(probe.commands) == count
    assert senders(probe) == ['probe']


@pytest.mark.slow
def test_fault_22_an_emergency_stop_is_latched_until_a_reset_which_leaves_a_dry_run(node, probe):
    node(enable='true', autostart='true', state_timeout=5.0)
    probe.exchange(probe.commands, 2)
    assert request(probe, 'estop').success
    probe.wait(lambda: not any(probe.commands[-1].velocity), 'the safe command')
    stopped = len(probe.commands)
    probe.exchange(probe.commands, stopped + 5)
    assert not any(any(c.velocity) for c in probe.commands[stopped:])
    assert 'reset first' in request(probe, 'enable').message
    assert request(probe, 'reset').success
    probe.exchange(probe.shadows, 3)
    assert not any(probe.commands[-1].velocity)
    assert request(probe, 'enable').success
    probe.send_until(lambda: any(probe.commands[-1].velocity), 'commands again')


def change(probe, **values: float):
    """Set several parameters at once; return the result."""
    changes = [Parameter(name, value=value).to_parameter_msg() for name, value in values.items()]
    service = 'controller_node/set_parameters_atomically'
    return probe.call(SetParametersAtomically, service, parameters=changes).result


@pytest.mark.slow
def test_fault_28_limits_change_together_or_not_at_all(node, probe):
    node(enable='true', autostart='true', state_timeout=5.0)
    probe.exchange(probe.commands, 2)
    refused = change(probe, slew_limit=0.1, state_timeout=0.01)
    assert not refused.successful
    assert 'state_timeout=0.01' in refused.reason
    assert not change(probe, slew_limit=-1.0).successful
    probe.exchange(probe.commands, len(probe.commands) + 2)
    fast = probe.commands[-1].velocity[0]
    assert change(probe, slew_limit=0.1, setpoint_timeout=4.0).successful
    assert request(probe, 'estop').success
    assert request(probe, 'reset').success
    probe.exchange(probe.shadows, 1)
    assert 0 < probe.shadows[-1].velocity[0] < fast / 10


def latest(probe) -> tuple[bytes, str]:
    """Return level and message of the latest diagnostics."""
    if not probe.diagnostics:
        return b'', ''
    (status,) = probe.diagnostics[-1].status
    return status.level, status.message


def values_of(probe) -> dict[str, str]:
    """Return the values of the latest diagnostics."""
    if not probe.diagnostics:
        return {}
    return {pair.key: pair.value for pair in probe.diagnostics[-1].status[0].values}


@pytest.mark.slow
def test_diagnostics_hold_rates_ages_and_latencies(node, probe):
    node(autostart='true', state_timeout=5.0)
    received: list = []
    late = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    probe.send_until(lambda: latest(probe) == (b'\x00', 'dry run'), 'a good report')
    count = len(probe.diagnostics)
    probe.send_until(lambda: len(probe.diagnostics) > count, 'the next report')
    (status,) = probe.diagnostics[-1].status
    values = {pair.key: pair.value for pair in status.values}
    for key in (
        'commands [1/s]',
        'age of state [s]',
        'age at receipt p50 [us]',
        'tick p99.9 [us]',
    ):
        assert float(values[key]) > 0, key
    assert float(values['inference max [us]']) >= float(values['inference p50 [us]'])
    assert float(values['tick p50 [us]']) > float(values['inference p50 [us]'])
    probe.node.create_subscription(
        DiagnosticStatus, 'controller_node/status', received.append, late
    )
    probe.wait(lambda: received, 'the status that was published before')
    assert received[0].name == '/controller_node'


@pytest.mark.slow
def test_fault_18_a_second_publisher_of_commands_is_a_warning(node, probe):
    node(enable='true', autostart='true', state_timeout=5.0)
    text = '/probe publishes commands, too'
    # A second in which the machine was too busy for some ticks has a worse message.
    probe.send_until(lambda: latest(probe) == (b'\x01', text), 'the warning')


def test_fault_19_incompatible_qos_profiles_are_logged_with_both(node, probe):
    running = node(enable='true', autostart='true')
    weak = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    # By default rclpy warns of it on the side of the probe, too.
    silent = PublisherEventCallbacks(use_default_callbacks=False)
    probe.node.create_publisher(PoseStamped, 'goal_pose', weak, event_callbacks=silent)
    strict = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    deaf = SubscriptionEventCallbacks(use_default_callbacks=False)
    probe.node.create_subscription(
        JointState, 'command', lambda message: None, strict, event_callbacks=deaf
    )
    probe.wait(lambda: running.text.count('incompatible QoS profiles') == 2, 'two complaints')
    assert 'reliable/volatile' in running.text
    assert 'best_effort/volatile' in running.text
    assert 'reliable/transient_local' in running.text


@pytest.mark.slow
@pytest.mark.parametrize('executor', ['events', 'single_threaded'])
def test_both_executors_serve_it_to_the_end(node, probe, executor):
    running = node(enable='true', autostart='true', executor=executor)
    probe.exchange(probe.commands, 5)
    running.send(signal.SIGINT)
    assert running.ends() == 0


def test_an_unknown_executor_is_refused(node):
    running = node(executor='turbo')
    assert running.ends() == 2
    assert "parameter executor 'turbo': allowed are" in running.text


@pytest.mark.slow
def test_a_chip_is_calibrated_on_request_but_never_while_active(node, probe, tmp_path):
    path = tmp_path / 'chip.calibration'
    running = node(chip="'sim:?seed=2'", calibration=path, enable='true', autostart='true')
    probe.exchange(probe.commands, 3)
    refused = request(probe, 'calibrate')
    assert (refused.success, refused.message) == (False, 'the node is active: deactivate it first')
    assert not path.exists()
    assert probe.change('deactivate')
    done = request(probe, 'calibrate')
    assert done.success, done.message
    assert str(path) in done.message
    assert path.exists()
    count = len(probe.commands)
    assert probe.change('activate')
    probe.exchange(probe.commands, count + 3)
    assert any(probe.commands[-1].velocity)
    assert 'not calibrated yet' in running.text


def begin_calibration(start, probe, controller, folder, **parameters):
    """Return a node whose calibration waits for a file `go`, and its answer to come."""
    patch = f"""
    import time
    from pathlib import Path
    from pkan_control.ros.nodes.calibration import Calibrator
    known = Calibrator._report
    def held(self, *progress):
        known(self, *progress)
        while not Path('{folder}/go').exists() and not self._is_abandoned:
            time.sleep(0.01)
        known(self, *progress)
    Calibrator._report = held
    """
    given = {'chip': "'sim:?seed=2'", 'calibration': folder / 'chip.calibration', **parameters}
    running = start('controller_node', patch, controller=controller, **given)
    assert probe.change('configure')
    client = probe.node.create_client(Trigger, 'controller_node/calibrate')
    probe.wait(client.service_is_ready, 'the service')
    answer = client.call_async(Trigger.Request())
    return running, answer


@pytest.mark.parametrize('executor', ['events', 'single_threaded'])
def test_a_node_that_ends_gives_up_its_calibration(start, probe, controller, tmp_path, executor):
    words = start, probe, controller, tmp_path
    running, answer = begin_calibration(*words, executor=executor)
    assert not probe.spin(answer.done, 1.0)
    running.send(signal.SIGTERM)
    assert running.ends() == 0
    assert list(tmp_path.glob('*.calibration')) == []


@pytest.mark.slow
def test_while_a_chip_is_calibrated_the_node_answers(start, probe, controller, tmp_path):
    _, answer = begin_calibration(start, probe, controller, tmp_path)
    key, busy = 'chip is being calibrated', 'the chip is being calibrated'
    probe.wait(lambda: ': ' in values_of(probe).get(key, ''), 'its progress')
    for name in ('calibrate', 'reset'):
        refused = request(probe, name)
        assert (refused.success, refused.message) == (False, busy)
    for transition in ('activate', 'cleanup'):
        assert not probe.change(transition)
    assert probe.state_of() == 'inactive'
    assert not answer.done()
    (tmp_path / 'go').touch()
    probe.wait(answer.done, 'the end')
    assert answer.result().success, answer.result().message
    assert (tmp_path / 'chip.calibration').exists()
    probe.wait(lambda: key not in values_of(probe), 'diagnostics')
    assert probe.change('activate')


def test_a_mapping_binds_it_to_a_stack_of_others(node, probe):
    rotors = probe.record(Float64MultiArray, 'rotor_velocity_controller/commands')
    imu_out = probe.node.create_publisher(Imu, 'imu_sensor_broadcaster/imu', 1)
    odometry_out = probe.node.create_publisher(Odometry, 'odometry/filtered', 1)
    running = node(enable='true', autostart='true', mapping='ros2_control', state_timeout=5.0)
    for _ in range(1000):
        if len(rotors) > 3:
            break
        now = probe.send_state()
        state = odometry(STATE, now, 'map', 'base_link')
        imu = Imu(orientation=state.pose.pose.orientation)
        imu.header.stamp, imu.header.frame_id = state.header.stamp, 'imu_link'
        odometry_out.publish(state)
        imu_out.publish(imu)
        probe.spin(lambda: False, 0.01)
    numbers = list(rotors[-1].data)
    assert numbers[0] > 0 > numbers[1]
    assert probe.commands == []
    # What comes from the second topic is missed by its name.
    probe.node.destroy_publisher(odometry_out)
    imu.header.stamp = to_time(probe.send_state())
    probe.spin(lambda: False, 0.2)
    imu.header.stamp = to_time(probe.send_state())
    imu_out.publish(imu)
    probe.wait(lambda: 'odometry/filtered: ' in running.text, 'a complaint')


@pytest.mark.slow
@pytest.mark.parametrize(
    ('parameters', 'named'),
    [
        ({'mapping': 'mars_rover'}, ['mars_rover', 'px4', 'ros2_control']),
        ({'mapping': 'px4'}, ['px4_msgs is not installed']),
        ({'command_interface': 'twist'}, ['twist', 'rotor speeds']),
        ({'trigger': 'whim'}, ["'whim'", 'state', 'timer']),
    ],
    ids=str,
)
def test_wiring_that_does_not_fit_is_refused_at_configure(node, probe, parameters, named):
    running = node(**parameters)
    assert not probe.change('configure')
    assert probe.state_of() == 'unconfigured'
    errors = [line for line in running.text.splitlines() if '[ERROR]' in line]
    assert any(all(word in line for word in named) for line in errors)


@pytest.mark.slow
def test_a_mapping_with_a_mistake_is_refused_at_configure_by_key_and_value(node, probe, tmp_path):
    path = tmp_path / 'mine.yaml'
    running = node(mapping=str(path))
    for text, named in (
        ('inputs: [{topic: a, type: b, terms: {c: {field: d, scale: 1e}}}]',
         "inputs[0].terms['c'].scale: must be a number, not '1e'"),
        ('goal: {topic: a}\ngoal: {topic: b}', "line 2: key 'goal' appears twice"),
    ):  # fmt: skip
        path.write_text(text)
        assert not probe.change('configure')
        assert probe.state_of() == 'unconfigured'
        errors = [line for line in running.text.splitlines() if '[ERROR]' in line]
        assert f'mapping {path}: {named}' in errors[-1]


def test_a_timer_makes_ticks_at_the_controllers_rate_however_often_states_come(node, probe):
    node(autostart='true', trigger='timer', state_timeout=5.0)
    began = None
    for _ in range(3000):
        if len(probe.shadows) > 25:
            break
        probe.send_state()
        probe.spin(lambda: False, 0.002)
        began = time.monotonic() if began is None and probe.shadows else began
    assert time.monotonic() - began > 25 / 50 * 0.8
