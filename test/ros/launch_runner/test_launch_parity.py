"""The runner and ROS 2's own launch start the same processes, where launch is installed."""

import gc
import importlib.util
import itertools
import tempfile
import warnings
from pathlib import Path
from xml.sax.saxutils import quoteattr

import launch_cases as cases
import pytest

from pkan_control.common.errors import UserError
from pkan_control.common.files import share
from pkan_control.ros.launch_runner.evaluation import evaluate

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec('launch_xml') is None, reason="ROS 2's launch_xml is not installed"
)
GIVEN = {'given': 'on the command line'}


def contents(command):
    """Return a command line with the contents of parameter files instead of their paths."""
    named = itertools.pairwise(['', *command])
    return [
        Path(word).read_text() if flag == '--params-file' and 'launch_params_' in word else word
        for flag, word in named
    ]


def by_launch(path, given):
    """Return label and command line of every process; None if launch refuses the file."""
    import launch

    started = []

    def record(event, context):
        started.append((event.process_name.rpartition('-')[0], contents(event.cmd)))

    service = launch.LaunchService(noninteractive=True)
    source = launch.launch_description_sources.AnyLaunchDescriptionSource(str(path))
    on_start = launch.event_handlers.OnProcessStart(on_start=record)
    include = launch.actions.IncludeLaunchDescription(source, launch_arguments=given.items())
    actions = [launch.actions.RegisterEventHandler(on_start), include]
    service.include_launch_description(launch.LaunchDescription(actions))
    code = service.run()
    del service
    # Its event loop, whose sockets it leaves open, would be collected in a later test.
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ResourceWarning)
        gc.collect()
    return started if code == 0 else None


def by_runner(path, given):
    try:
        processes = evaluate(path, given)
    except UserError:
        return None
    with tempfile.TemporaryDirectory() as directory:
        return [
            (
                process.label.rpartition('-')[0],
                contents(
                    word if isinstance(word, str) else word.write(Path(directory))
                    for word in process.command
                ),
            )
            for process in processes
        ]


@pytest.fixture
def both(write):
    def both(text):
        path = write(text)
        return by_runner(path, GIVEN), by_launch(path, GIVEN)

    return both


@pytest.mark.parametrize('text', cases.GOOD.values(), ids=cases.GOOD.keys())
def test_command_lines_are_those_of_launch(both, text):
    ours, theirs = both(text)
    assert ours is not None
    assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize('text', cases.BAD.values(), ids=cases.BAD.keys())
def test_launch_refuses_what_the_runner_refuses(both, text):
    assert both(text) == (None, None)


@pytest.mark.parametrize('kind', ['', 'type="str"', 'type="yaml"'])
def test_parameters_are_those_of_launch(both, kind):
    found = {}
    for value in cases.VALUES:
        param = f'<param name="p" value={quoteattr(value)} {kind}/>'
        found[value] = both(f'{cases.LETS}NODE name="n" namespace="s">{param}</node>')
    assert {value: ours for value, (ours, _) in found.items()} == {
        value: theirs for value, (_, theirs) in found.items()
    }


@pytest.fixture
def stand_ins(prefix, executable):
    """Put this package into the prefix, with nodes that do nothing."""
    (prefix / 'share/ament_index/resource_index/packages/pkan_control').touch()
    (prefix / 'share/pkan_control').symlink_to(share('.'))
    (prefix / 'lib/pkan_control').symlink_to(prefix / 'lib/robots')
    for name in ('controller_node', 'simulation_node'):
        executable(name, '#!/bin/sh\n')


@pytest.mark.usefixtures('stand_ins')
@pytest.mark.parametrize('path', sorted(share('launch').glob('*.xml')), ids=lambda p: p.name)
def test_shipped_files_start_what_launch_starts(path):
    needed = ('task', 'controller') if path.name.startswith(('sim', 'con')) else ()
    ours, theirs = (run(path, dict.fromkeys(needed, 'x')) for run in (by_runner, by_launch))
    assert ours
    # The end of the simulation may interrupt the start of the controller.
    assert all(process in ours for process in theirs)
    assert theirs[0] == ours[0]
