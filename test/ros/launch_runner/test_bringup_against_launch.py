"""The runner and ROS 2's own launch make the same of the same files, where launch is installed."""

import itertools
import os
from xml.sax.saxutils import quoteattr

import launch_cases as cases
import pytest

from pkan_control.common.errors import UserError
from pkan_control.ros.launch_runner import evaluate
from pkan_control.ros.launch_runner.processes import written

launch = pytest.importorskip('launch', reason="ROS 2's launch is not installed")
pytest.importorskip('launch_ros', reason="ROS 2's launch_ros is not installed")
pytest.importorskip('launch_xml', reason="ROS 2's launch_xml is not installed")

GIVEN = {'given': 'on the command line'}


def contents(command):
    """Return a command line with the contents of parameter files instead of their names."""
    named = itertools.pairwise(['', *command])
    return [
        open(word).read() if flag == '--params-file' and 'launch_params_' in word else word
        for flag, word in named
    ]


def by_launch(path):
    """Return label, command line and environment of every process; None if launch refuses."""
    started = []

    def note(event, context):
        environment = {k: v for k, v in event.env.items() if k in ('A', 'B')}
        started.append((event.process_name.rpartition('-')[0], contents(event.cmd), environment))

    service = launch.LaunchService(noninteractive=True)
    source = launch.launch_description_sources.AnyLaunchDescriptionSource(str(path))
    service.include_launch_description(
        launch.LaunchDescription(
            [
                launch.actions.RegisterEventHandler(
                    launch.event_handlers.OnProcessStart(on_start=note)
                ),
                launch.actions.IncludeLaunchDescription(source, launch_arguments=GIVEN.items()),
            ]
        )
    )
    return started if service.run() == 0 else None


def by_bringup(path, directory):
    try:
        plan = evaluate(path, GIVEN, os.environ)
    except UserError:
        return None
    return [
        (
            process.label.rpartition('-')[0],
            contents(written(process.command, directory)),
            {k: v for k, v in process.environment.items() if k in ('A', 'B')},
        )
        for process in plan.processes
    ]


@pytest.fixture
def both(write, tmp_path):
    def both(text):
        write(cases.INNER, 'inner/inner.launch.xml')
        (tmp_path / 'inner' / 'params.yaml').write_text('/**: {ros__parameters: {a: 1}}')
        path = write(cases.text(text))
        return by_bringup(path, tmp_path), by_launch(path)

    return both


@pytest.mark.parametrize('text', cases.GOOD.values(), ids=cases.GOOD.keys())
def test_command_lines_are_those_of_launch(both, text):
    ours, theirs = both(text)
    assert ours is not None
    assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize('text', cases.BAD.values(), ids=cases.BAD.keys())
def test_what_is_refused_launch_refuses_too(both, text):
    assert both(text) == (None, None)


@pytest.mark.parametrize('kind', [None, *cases.TYPES])
@pytest.mark.parametrize('value', cases.VALUES)
def test_parameters_are_those_of_launch(both, value, kind):
    kind = '' if kind is None else f'type="{kind}"'
    param = f'<param name="p" value={quoteattr(value)} {kind}/>'
    ours, theirs = both(f'{cases.LETS}NODE name="n" namespace="s">{param}</node>')
    assert ours == theirs
