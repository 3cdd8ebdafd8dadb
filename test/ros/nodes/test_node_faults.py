"""Faults that a node, as a process, must survive or end safely from."""

import signal

import pytest
from std_srvs.srv import SetBool

LIVE = {'autostart': 'true', 'enable': 'true'}


@pytest.fixture
def node(start, controller):
    """Return a function that starts the controller node, after the lines of a patch."""
    return lambda patch='', **parameters: start(
        'controller_node', patch, **{'controller': controller, **parameters}
    )


def warnings(running) -> list[str]:
    return [line for line in running.text.splitlines() if '[WARN]' in line]


def test_fault_01_what_never_came_is_named_after_a_grace_time(node, probe):
    running = node(**LIVE, startup_grace=0.3)
    probe.wait(lambda: 'state: never received' in running.text, 'a complaint')
    probe.wait(lambda: probe.diagnostics, 'diagnostics')
    probe.send_state(goal=None)
    probe.wait(lambda: 'goal_pose: never received' in running.text, 'the next complaint')
    assert probe.commands == []


@pytest.mark.slow
def test_fault_01_within_the_grace_time_it_is_just_not_ready(node, probe):
    running = node(**LIVE, startup_grace=60.0)
    waiting = 'not ready: state: never received'
    reports = probe.diagnostics
    probe.wait(lambda: reports and reports[-1].status[0].message == waiting, 'diagnostics')
    assert reports[-1].status[0].level == b'\x00'
    assert warnings(running) == []


def test_fault_12_a_file_that_fails_its_self_test_is_not_configured(
    node, probe, controller_file, tmp_path
):
    patch = """
    from pkan_control.networks.program import Program
    known = Program.evaluate
    Program.evaluate = lambda program, inputs: known(program, inputs) + 1e-6
    """
    running = node(patch, **LIVE)
    assert not probe.change('configure')
    assert probe.state_of() == 'unconfigured'
    assert 'self-test' in running.text


def test_fault_21_an_exception_is_logged_and_the_last_command_is_safe(node, probe):
    patch = """
    from pkan_control.control.supervisor import Supervisor
    known, count = Supervisor.on_state, []
    def odd(*values):
        count.append(1)
        return known(*values) if len(count) < 5 else 1 / 0
    Supervisor.on_state = odd
    """
    running = node(patch, **LIVE, state_timeout=5.0)
    for _ in range(1000):
        if running.process.poll() is not None:
            break
        probe.send_state()
        probe.spin(lambda: False, 0.01)
    assert running.ends() == 1
    probe.drain()
    assert 'ZeroDivisionError' in running.text
    moving = [any(c.velocity) for c in probe.commands]
    assert moving[0]
    assert moving == [True] * (len(moving) - 1) + [False]


def test_fault_30_a_command_that_cannot_be_sent_leaves_the_chip_safe(node, probe):
    patch = """
    from pkan_control.chips.ideal import IdealChip
    from pkan_control.ros.nodes.publishers import CommandPublishers
    known = CommandPublishers.publish
    def broken(publishers, command, stamp_ns):
        if not command.any():
            raise RuntimeError('no way out')
        known(publishers, command, stamp_ns)
    CommandPublishers.publish = broken
    IdealChip.close = lambda chip: print('the chip is closed', flush=True)
    """
    running = node(patch, **LIVE, state_timeout=5.0)
    probe.exchange(probe.commands, 3)
    running.send(signal.SIGTERM)
    assert running.ends() == 1
    assert 'no way out' in running.text
    assert 'the chip is closed' in running.text


@pytest.mark.slow
def test_fault_31_after_a_crash_it_starts_disarmed_and_from_new_states_only(node, probe):
    running = node(autostart='true', state_timeout=5.0)
    probe.exchange(probe.shadows, 2)
    assert probe.call(SetBool, 'controller_node/enable', data=True).success
    probe.exchange(probe.commands, 2)
    running.send(signal.SIGKILL)
    running.process.wait(20)
    probe.drain()
    live, dry = len(probe.commands), len(probe.shadows)
    node(autostart='true', state_timeout=5.0)
    # The dead one's endpoints stay for a while: what counts is what comes.
    assert not probe.spin(lambda: len(probe.shadows) > dry, 1.0)
    probe.exchange(probe.shadows, dry + 3)
    assert len(probe.commands) == live


def test_fault_29_a_lost_physics_server_ends_the_simulation_with_one_line(start, probe):
    patch = """
    from pkan_control.sim.bullet.drone import BulletDrone
    known, count = BulletDrone.step, []
    def lost(world, command):
        count.append(1)
        if len(count) == 5:
            world._client.disconnect()
        return known(world, command)
    BulletDrone.step = lost
    """
    running = start('simulation_node', patch)
    assert running.ends() == 1
    assert running.text.count('\n') == 1
    assert 'physics: ' in running.text


def test_fault_29_a_model_that_is_missing_ends_the_simulation_with_one_line(start):
    patch = """
    from pkan_control.sim.bullet import drone
    drone.MODEL = 'urdf/nothing.urdf'
    """
    running = start('simulation_node', patch)
    assert running.ends() == 2
    assert 'nothing.urdf' in running.text
    assert running.text.startswith('error: model /')
    assert running.text.count('\n') == 1
