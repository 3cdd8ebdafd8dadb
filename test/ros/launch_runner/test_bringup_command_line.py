"""The command line: arguments, their listing, where files are found, one line for a mistake."""

import sys

import pytest

from pkan_control.common.errors import UserError
from pkan_control.ros.launch_runner.__main__ import additions, locate, main
from pkan_control.ros.launch_runner.arguments import assignments, declared, listing

ARGUMENTS = """
<arg name="episodes" default="$(env N 3)" description="how many episodes"/>
<arg name="task"/>
<group if="$(var task)"><arg name="seed" default="0"/></group>
<include file="$(dirname)/inner.launch.xml"><arg name="fixed" value="1"/></include>
<include file="$(var task).launch.xml"/>
"""


@pytest.fixture
def path(write):
    write('<arg name="fixed"/><arg name="free" default=""/>', 'inner.launch.xml')
    return write(ARGUMENTS)


def test_arguments_of_a_file_and_of_what_it_includes(path):
    found = declared(path, {})
    assert list(found) == ['episodes', 'task', 'seed', 'free']
    assert [argument.conditional for argument in found.values()] == [False, False, True, False]
    assert found['episodes'].default == '$(env N 3)'
    assert found['task'].default is None


def test_listing(path):
    text = listing(declared(path, {}).values())
    assert "    'episodes':\n        how many episodes\n        (default: '$(env N 3)')" in text
    assert "    'task':\n        no description given\n\n" in text
    assert "    'seed':*\n" in text
    assert text.endswith('only used if specific conditions occur')
    assert 'No arguments' in listing([])


def test_show_args_needs_no_values(path, capsys):
    assert main([str(path), '--show-args']) == 0
    assert "'task':" in capsys.readouterr().out


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['task:=x', 'epsiodes:=1'], "unknown argument 'epsiodes': allowed are episodes, free"),
        (['task:=x', 'episodes'], "argument 'episodes' is not of the form name:=value"),
        (['task:='], "argument 'task:=' is not of the form name:=value"),
        ([], "argument 'task' is required (no description given): give task:=VALUE"),
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
    assert assignments(['a:=1', 'b:=x:=y', 'a:=2']) == {'a': '2', 'b': 'x:=y'}


def test_a_bare_name_is_looked_up_in_the_package(prefix, monkeypatch, tmp_path):
    launch = prefix / 'share' / 'pkan_control' / 'launch'
    launch.mkdir(parents=True)
    (prefix / 'share/ament_index/resource_index/packages/pkan_control').touch()
    (launch / 'one.launch.xml').touch()
    assert locate('one.launch.xml') == launch / 'one.launch.xml'
    with pytest.raises(UserError, match=r"file 'two.launch.xml': allowed are one.launch.xml"):
        locate('two.launch.xml')
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'two.launch.xml').touch()
    assert locate('two.launch.xml').is_file()
    assert str(locate('./x/two.launch.xml')) == 'x/two.launch.xml'


def test_environment_is_completed_and_nothing_in_it_changed():
    assert additions({'HOME': '/h'}) == {'AMENT_PREFIX_PATH': sys.prefix}
    assert additions({'HOME': '/h', 'AMENT_PREFIX_PATH': '/a'}) == {}
    assert additions({'AMENT_PREFIX_PATH': '/a', 'ROS_HOME': '/r'}) == {}
    assert additions({'AMENT_PREFIX_PATH': '/a'}).keys() == {'ROS_LOG_DIR'}
