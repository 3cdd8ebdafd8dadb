"""The controller node as a process: transitions, refusals, commands, and its end."""

import math
import signal

import numpy as np
import psutil
import pytest

HERE = np.array([0.1, 0, 1.5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
GOAL = np.array([0, 0, 1.5])
ROTORS = ['rotor_1', 'rotor_2', 'rotor_3', 'rotor_4']
ENDS = {'deactivate': None, 'SIGTERM': signal.SIGTERM, 'SIGINT': signal.SIGINT}


@pytest.fixture
def node(start, controller):
    """Return a function that starts the node with the random controller."""
    return lambda **parameters: start(
        'controller_node', **{'controller': controller, **parameters}
    )


def fly(probe, heard: list, count: int) -> list[int]:
    """Send states, each after the answer to the one before, until so many commands are heard."""
    sent: list[int] = []
    while len(heard) < count:
        before = len(heard)
        sent.append(probe.send_state(HERE, GOAL))
        # A state may get lost while the node is not there yet: then the next one is due.
        probe.spin(lambda before=before: len(heard) > before, 0.05)
        assert len(sent) < 1000
    return sent


def senders(probe) -> list[str]:
    """Return the nodes that publish commands; one that has ended takes a moment to disappear."""
    return [p.node_name for p in probe.node.get_publishers_info_by_topic('command')]


def test_it_goes_through_its_states_and_is_light(node, probe):
    running = node()
    assert probe.state_of() == 'unconfigured'
    for _ in range(2):
        for transition, state in (
            ('configure', 'inactive'), ('activate', 'active'), ('deactivate', 'inactive'),
            ('cleanup', 'unconfigured'),
        ):  # fmt: skip
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
    probe.send_state(HERE, GOAL)
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
    sent = fly(probe, probe.commands, 5)
    stamps = [c.header.stamp.sec * 10**9 + c.header.stamp.nanosec for c in probe.commands]
    assert set(stamps) <= set(sent)
    assert all(list(c.name) == ROTORS for c in probe.commands)
    assert all(c.velocity[0] > 0 for c in probe.commands)
    assert probe.shadows == []


def test_a_dry_run_only_tells_what_it_would_do(node, probe):
    running = node(autostart='true')
    fly(probe, probe.shadows, 5)
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


def test_states_that_are_not_finite_are_dropped_and_counted(node, probe):
    node(enable='true', autostart='true', state_timeout=60.0)
    fly(probe, probe.commands, 1)
    probe.drain()
    before = len(probe.commands)
    for _ in range(10):
        probe.send_state(np.where(np.arange(13) == 8, math.nan, HERE))
        probe.executor.spin_once(timeout_sec=0.02)
    probe.wait(lambda: diagnosed(probe, 'states rejected (not finite)') > 0, 'diagnostics')
    assert len(probe.commands) == before
    (status,) = probe.diagnostics[-1].status
    assert (status.name, status.level) == ('/controller_node', b'\x01')
    assert status.message == 'state: not finite'
    assert diagnosed(probe, 'commands') == before


def test_a_state_that_stays_away_is_answered_by_one_safe_command(node, probe):
    node(enable='true', autostart='true')
    fly(probe, probe.commands, 3)
    probe.wait(lambda: not any(probe.commands[-1].velocity), 'the watchdog')
    probe.wait(lambda: diagnosed(probe, 'watchdog fired') == 1, 'diagnostics')
    assert [any(c.velocity) for c in probe.commands[-2:]] == [True, False]


@pytest.mark.parametrize('end', ENDS)
def test_at_the_end_exactly_one_safe_command(node, probe, end):
    running = node(enable='true', autostart='true')
    fly(probe, probe.commands, 5)
    if ENDS[end] is None:
        assert probe.change('deactivate')
    else:
        running.send(ENDS[end])
    probe.wait(lambda: not any(probe.commands[-1].velocity), 'the safe command')
    for _ in range(10):
        probe.send_state(HERE, GOAL)
        probe.drain()
    if ENDS[end] is None:
        assert probe.state_of() == 'inactive'
        running.send(signal.SIGTERM)
    assert running.ends() == 0
    probe.drain()
    moving = [any(c.velocity) for c in probe.commands]
    assert moving == [True] * (len(moving) - 1) + [False]
    assert 'Traceback' not in running.text
