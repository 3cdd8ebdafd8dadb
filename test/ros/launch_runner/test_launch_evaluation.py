"""Evaluation of launch files: command lines, scopes, and one line for each mistake."""

import re

import launch_cases as cases
import pytest

from pkan_control.common.errors import UserError
from pkan_control.ros.launch_runner.evaluation import evaluate
from pkan_control.ros.launch_runner.values import ParameterFile


@pytest.mark.parametrize('text', cases.GOOD.values(), ids=cases.GOOD.keys())
def test_supported_files_are_accepted(plan, text):
    assert plan(text, given='1')


@pytest.mark.parametrize('text', cases.BAD.values(), ids=cases.BAD.keys())
def test_other_files_are_refused_and_the_file_is_named(plan, text):
    with pytest.raises(UserError, match=r'\.launch\.xml: '):
        plan(text)


def test_command_line_in_the_order_of_launch(plan, prefix, tmp_path):
    (process,) = plan(
        """NODE name="n" namespace="s" args="a b">
             <remap from="x" to="y"/><param name="p" value="1"/>
             <param from="$(dirname)/inner/params.yaml"/>
           </node>"""
    )
    assert process.command == (
        str(prefix / 'lib' / 'robots' / 'talker'),
        'a',
        'b',
        '--ros-args',
        '-r',
        '__node:=n',
        '-r',
        '__ns:=/s',
        '--params-file',
        ParameterFile('/s/n', 'p', 1),
        '--params-file',
        str(tmp_path / 'inner' / 'params.yaml'),
        '-r',
        'x:=y',
    )
    assert (process.label, process.on_exit_shutdown) == ('talker-1', False)


def test_a_parameter_file_is_written_for_its_node(tmp_path):
    path = ParameterFile('/s/n', 'p', [1, 2]).write(tmp_path)
    with open(path) as file:
        assert file.read() == '/s/n:\n  ros__parameters:\n    p:\n    - 1\n    - 2\n'


@pytest.mark.parametrize(
    ('name', 'namespace', 'node'),
    [
        (None, None, '/**'),
        ('n', None, '/**'),
        (None, 's', '/**'),
        ('n', '', '/n'),
        ('n', '/s/', '/s/n'),
    ],
)
def test_a_parameter_is_set_for_the_full_name_if_it_is_known(plan, name, namespace, node):
    given = {'name': name, 'namespace': namespace}
    attributes = ' '.join(f'{k}="{v}"' for k, v in given.items() if v is not None)
    (process,) = plan(f'NODE {attributes}><param name="p" value="1"/></node>')
    assert process.command[-1] == ParameterFile(node, 'p', 1)


def test_variables_end_with_their_group_and_outlive_an_include(plan, tmp_path):
    first, second, last = plan(
        """<let name="x" value="outer"/><group><let name="x" value="inner"/>
           NODE args="$(var x)"/></group>
           <include file="$(dirname)/inner/inner.launch.xml">
             <arg name="inner_arg" value="given"/></include>
           NODE args="$(var x) $(var leaked) $(dirname)"/>"""
    )
    assert first.command[1] == 'inner'
    assert second.command[1:3] == ('given', str(tmp_path / 'inner'))
    assert last.command[1:4] == ('outer', 'from_inner', str(tmp_path))


def test_given_arguments_take_precedence_over_defaults(plan):
    text = '<arg name="a" default="1"/>NODE args="$(var a)"/>'
    assert plan(text)[0].command[1] == '1'
    assert plan(text, a='2')[0].command[1] == '2'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('<set_env name="a" value="b"/>', "<launch>: unsupported tag 'set_env' (allowed: arg, "),
        ('NODE respawn="true"/>', "<node talker>: unsupported attribute 'respawn' (allowed: args"),
        (
            'NODE><env/></node>',
            "unsupported tag 'env' (allowed: param, remap): run this with ros2",
        ),
        ('<let name="a" value="1"><x/></let>', "<let a>: unsupported tag 'x' (allowed: none)"),
        ('<let name="a"/>', "<let a>: attribute 'value' is missing"),
        ('NODE if="1" unless="1"/>', 'if and unless exclude each other'),
        ('NODE if="yes"/>', "'yes' is not a condition: allowed are true, 1, false, 0"),
        ('<arg name="a" description="why"/>', "argument 'a' is required (why): give a:=VALUE"),
        ('<node pkg="robots" exec="no"/>', "lib/robots has no executable 'no'"),
        ('<node pkg="nobody" exec="no"/>', "package 'nobody' is not in AMENT_PREFIX_PATH"),
        ('<node pkg="robots" exec="talker" output="log"/>', "unsupported output 'log' (allowed: "),
        ('NODE on_exit="x"/>', "unsupported on_exit 'x' (allowed: shutdown): run this with ros2"),
        ('NODE name="a/b"/>', "'a/b' is not a name: letters, digits, underscores"),
        ('NODE namespace="a//b"/>', "'/a//b' is not a name"),
        ('NODE><param name="p" value="null"/></node>', '<param p>: expected a scalar or a list'),
        ('NODE><param from="/no/such"/></node>', '<param>: /no/such is not a file'),
        ('<include file="/no/such"/>', '/no/such: cannot be read: '),
        ('<include file="$(dirname)/test.launch.xml"/>', 'test.launch.xml includes itself'),
        ('<', 'test.launch.xml: cannot be read: not well-formed'),
    ],
)
def test_mistakes_are_named(plan, text, message):
    with pytest.raises(UserError, match=re.escape(message)):
        plan(text)


def test_another_outermost_tag_is_named(tmp_path):
    path = tmp_path / 'robot.launch.xml'
    path.write_text('<robot/>')
    with pytest.raises(UserError, match="the outermost tag is 'robot', not launch"):
        evaluate(path, {})
