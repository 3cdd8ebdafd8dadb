"""What launch files mean: processes, their command lines, scopes; and what mistakes are told."""

import re

import launch_cases as cases
import pytest
import yaml

from pkan_control.common.errors import UserError
from pkan_control.ros.launch_runner import evaluate
from pkan_control.ros.launch_runner.parameters import ParameterFile


def texts(process):
    """Return the command line after the executable; parameter files as what they hold."""
    return [
        yaml.safe_load(word.text) if isinstance(word, ParameterFile) else word
        for word in process.command[1:]
    ]


@pytest.fixture
def inner(write, tmp_path):
    write(cases.INNER, 'inner/inner.launch.xml')
    (tmp_path / 'inner' / 'params.yaml').write_text('/**: {ros__parameters: {a: 1}}')


@pytest.mark.usefixtures('inner')
@pytest.mark.parametrize('text', cases.GOOD.values(), ids=cases.GOOD.keys())
def test_what_launch_accepts_is_accepted(plan, text):
    assert plan(cases.text(text), given='1').processes or 'if="false"' in text


@pytest.mark.usefixtures('inner')
@pytest.mark.parametrize('text', cases.BAD.values(), ids=cases.BAD.keys())
def test_what_launch_refuses_is_refused_and_the_file_named(plan, text):
    with pytest.raises(UserError, match=r'\.launch\.xml: '):
        plan(cases.text(text))


def test_command_line_in_the_order_of_launch(node, prefix, tmp_path):
    (tmp_path / 'a.yaml').write_text('')
    process = node(
        """<node pkg="robots" exec="talker" name="n" namespace="s" args="a 'b c'"
                 ros_args="--log-level debug">
             <remap from="x" to="y"/><param name="p" value="1"/>
             <param from="$(dirname)/a.yaml"/><env name="E" value="1"/>
           </node>"""
    )
    assert process.command[0] == str(prefix / 'lib' / 'robots' / 'talker')
    assert texts(process) == [
        *('a', 'b c', '--ros-args', '--log-level', 'debug'),
        *('--ros-args', '-r', '__node:=n', '-r', '__ns:=/s'),
        *('--params-file', {'/s/n': {'ros__parameters': {'p': 1}}}),
        *('--params-file', str(tmp_path / 'a.yaml'), '-r', 'x:=y'),
    ]
    assert process.environment['E'] == '1'
    assert (process.label, process.output, process.on_exit_shutdown) == ('talker-1', 'log', False)
    assert (process.sigterm_timeout, process.sigkill_timeout) == (5.0, 5.0)


@pytest.mark.parametrize(
    ('value', 'kind', 'expected'),
    [
        ('1', 'yaml', 1),
        ('1', 'str', '1'),
        ('1', 'float', 1.0),
        ('1', 'bool', True),
        ("'1'", 'yaml', '1'),
        ('yes', 'yaml', True),
        ('', 'yaml', ''),
        ('1e3', 'yaml', '1e3'),
        ('[1.0, 2.0]', 'yaml', [1.0, 2.0]),
        ('$(var x)', 'yaml', 7),
        ('$(var x)', 'str', '7'),
        ('$(var x).5', 'float', 7.5),
        ('[$(var x), 2]', 'yaml', [7, 2]),
        ('[a, b]', 'list_of_str', ['a', 'b']),
    ],
)
def test_types_of_parameters(node, value, kind, expected):
    process = node(
        f"""<let name="x" value="7"/><node pkg="robots" exec="talker">
        <param name="p" value="{value}" type="{kind}"/></node>"""
    )
    found = texts(process)[-1]['/**']['ros__parameters']['p']
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ('value', 'kind', 'message'),
    [
        ('a', 'int', "expected int, not 'a'"),
        ('2', 'bool', "expected true or false, not '2'"),
        ('[1, a]', 'yaml', "a list of one type, not '[1, a]'"),
        ('{a: 1}', 'yaml', "a scalar or a list of one type, not '{a: 1}'"),
        ('null', 'yaml', 'a scalar or a list'),
        ('[1]', 'list_of_str', "a list of str, not '[1]'"),
        ('$(var colon)', 'yaml', """is not YAML; for text give type="str\""""),
        ('1', 'double', "unknown type 'double': allowed are bool, float, int, list_of_bool"),
    ],
)
def test_parameters_that_do_not_fit(node, value, kind, message):
    with pytest.raises(UserError, match=f'<param p>: .*{re.escape(message)}'):
        node(
            f"""<let name="colon" value="a: b: c"/><node pkg="robots" exec="talker">
            <param name="p" value="{value}" type="{kind}"/></node>"""
        )


def test_nested_parameters_share_a_file(node):
    process = node(
        """<node pkg="robots" exec="talker"><param name="a"><param name="b" value="1"/>
        <param name="c"><param name="d" value="x"/></param></param></node>"""
    )
    assert texts(process)[-1] == {'/**': {'ros__parameters': {'a.b': 1, 'a.c.d': 'x'}}}


@pytest.mark.parametrize(
    ('pushed', 'own', 'expected'),
    [
        ([], None, None),
        ([], 'a', '/a'),
        ([], '', '/'),
        (['a'], None, '/a'),
        (['a', 'b'], 'c', '/a/b/c'),
        (['a', '/b'], None, '/b'),
        (['a'], '/c/', '/c'),
        (['/'], 'c', '/c'),
    ],
)
def test_namespaces(node, pushed, own, expected):
    pushes = ''.join(f'<push_ros_namespace namespace="{name}"/>' for name in pushed)
    attribute = '' if own is None else f'namespace="{own}"'
    process = node(f'{pushes}<node pkg="robots" exec="talker" {attribute}/>')
    assert texts(process)[1:] == ([] if expected is None else ['-r', f'__ns:={expected}'])


@pytest.mark.parametrize(('scoped', 'seen'), [('true', 'outer'), ('false', 'inner')])
def test_a_group_keeps_its_changes_to_itself(node, scoped, seen):
    process = node(
        f"""<let name="x" value="outer"/><set_env name="X" value="outer"/>
        <group scoped="{scoped}">
          <let name="x" value="inner"/><set_env name="X" value="inner"/>
        </group>
        <node pkg="robots" exec="talker" args="$(var x) $(env X)"/>"""
    )
    assert texts(process)[:2] == [seen, seen]
    assert process.environment['X'] == seen


@pytest.mark.usefixtures('inner')
def test_an_include_leaves_its_variables_but_not_its_directory(plan, tmp_path):
    first, last = plan(
        """<include file="$(dirname)/inner/inner.launch.xml">
             <arg name="inner_arg" value="given"/></include>
           <node pkg="robots" exec="talker" args="$(var leaked) $(dirname)"/>"""
    ).processes
    assert texts(first)[:2] == ['given', str(tmp_path / 'inner')]
    assert texts(last)[:2] == ['from_inner', str(tmp_path)]


def test_arguments_given_go_before_defaults(plan):
    text = '<arg name="a" default="1"/><node pkg="robots" exec="talker" args="$(var a)"/>'
    assert texts(plan(text).processes[0])[0] == '1'
    assert texts(plan(text, a='2').processes[0])[0] == '2'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('<nodes/>', "<launch>: unknown tag 'nodes': allowed are arg, group, include, let, node"),
        ('NODE foo=""/>', "<node talker>: unknown attribute 'foo': allowed are args, exec"),
        ('NODE><x/></node>', "unknown tag 'x': allowed are env, param, remap"),
        ('<let name="a" value="1"><x/></let>', "<let a>: unknown tag 'x': allowed are none"),
        ('<let name="a"/>', "<let a>: attribute 'value' is missing"),
        ('NODE if="1" unless="1"/>', 'if and unless exclude each other'),
        ('NODE if="yes"/>', "'yes' is not a condition: allowed are true, 1, false, 0"),
        ('<arg name="a" description="why"/>', "argument 'a' is required (why): give a:=VALUE"),
        ('<node pkg="robots" exec="no"/>', "lib/robots has no executable 'no'"),
        ('<node pkg="nobody" exec="no"/>', "package 'nobody' is not in AMENT_PREFIX_PATH"),
        ('NODE output="own_log"/>', "unknown output 'own_log': allowed are both, log, screen"),
        ('NODE on_exit="x"/>', "unknown on_exit 'x': allowed are shutdown"),
        ('NODE sigkill_timeout="nan"/>', "sigkill_timeout is a time in seconds, not 'nan'"),
        ('NODE name="a/b"/>', "'a/b' is not a node name"),
        ('NODE namespace="a//b"/>', "'a//b' is not a namespace"),
        ('NODE args="\'"/>', 'cannot be split into words: No closing quotation'),
        ('NODE><param from="/no/such"/></node>', '<param>: /no/such is not a file'),
        ('<group if="false">NODE args="$(no)"/></group>', '<node talker>: unknown substitution'),
        ('<group scoped="x"/>', "<group>: expected true or false, not 'x'"),
        ('<include file="/no/such"/>', '/no/such: cannot be read: '),
        ('<include file="$(dirname)/test.launch.xml"/>', '50 files include each other'),
        ('<', 'test.launch.xml: cannot be read: not well-formed'),
    ],
)
def test_mistakes_are_named(plan, text, message):
    with pytest.raises(UserError, match=re.escape(message)):
        plan(cases.text(text))


def test_another_outermost_tag_is_named(tmp_path):
    path = tmp_path / 'robot.launch.xml'
    path.write_text('<robot/>')
    with pytest.raises(UserError, match="the outermost tag is 'robot', not launch"):
        evaluate(path, {}, {})
