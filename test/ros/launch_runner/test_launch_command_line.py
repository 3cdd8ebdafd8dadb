"""The command line: arguments, their help, the place of a file, one line for a mistake."""

import sys

import pytest

from pkan_control.common.errors import UserError
from pkan_control.ros.launch_runner.__main__ import additions, assignments, declared, locate, main

ARGUMENTS = """
<arg name="episodes" default="$(var n)3" description="how many episodes"/>
<arg name="task"/>
<group if="$(var task)"><arg name="seed" default="0"/></group>
<include file="$(dirname)/named.launch.xml"><arg name="fixed" value="1"/></include>
<include file="$(var task).launch.xml"/>
<include file="$(dirname)/test.launch.xml"/>
"""


@pytest.fixture
def path(write):
    write('<arg name="fixed"/><arg name="free" default=""/>', 'named.launch.xml')
    return write(ARGUMENTS)


def test_arguments_of_a_file_and_of_what_it_includes(path):
    assert declared(path) == {
        'episodes': "    'episodes':\n        how many episodes\n        (default: '$(var n)3')",
        'task': "    'task':\n        no description",
        'seed': "    'seed':\n        no description\n        (default: '0')",
        'free': "    'free':\n        no description\n        (default: '')",
    }


def test_show_args_needs_no_values(path, capsys):
    assert main([str(path), '--show-args']) == 0
    out = capsys.readouterr().out
    assert out.startswith("Arguments (pass arguments as '<name>:=<value>'):\n\n    'episodes':\n")


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['task:=x', 'epsiodes:=1'], "unknown argument 'epsiodes': allowed are episodes, free"),
        (['task:=x', 'episodes'], "argument 'episodes' is not of the form name:=value"),
        (['task:='], "argument 'task:=' is not of the form name:=value"),
        ([], "argument 'task' is required (no description): give task:=VALUE"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(write, capsys, words, message):
    path = write(
        '<arg name="episodes" default="1"/><arg name="task"/><arg name="free" default=""/>'
    )
    assert main([str(path), *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith('error: ')
    assert message in error
    assert error.count('\n') == 1


def test_assignments_split_at_the_first_sign_and_the_last_one_counts():
    assert assignments(['a:=1', 'b:=x:=y', 'a:=2'], ['a', 'b']) == {'a': '2', 'b': 'x:=y'}


def test_a_bare_name_is_a_file_of_the_package_or_of_the_working_directory(monkeypatch, tmp_path):
    shipped = locate('cartpole.launch.xml')
    assert shipped.is_file()
    with pytest.raises(UserError, match=r"file 'two.launch.xml': allowed are arm_pick_place"):
        locate('two.launch.xml')
    monkeypatch.chdir(tmp_path)
    for name in ('two.launch.xml', 'cartpole.launch.xml'):
        (tmp_path / name).touch()
    assert locate('two.launch.xml').is_file()
    assert locate('cartpole.launch.xml') == shipped
    assert str(locate('./x/two.launch.xml')) == 'x/two.launch.xml'


def test_environment_is_completed_and_nothing_in_it_is_changed():
    assert additions({'HOME': '/h'}) == {'AMENT_PREFIX_PATH': sys.prefix}
    assert additions({'HOME': '/h', 'AMENT_PREFIX_PATH': '/a'}) == {}
    assert additions({'AMENT_PREFIX_PATH': '/a', 'ROS_HOME': '/r'}) == {}
    assert additions({'AMENT_PREFIX_PATH': '/a'}).keys() == {'ROS_LOG_DIR'}
