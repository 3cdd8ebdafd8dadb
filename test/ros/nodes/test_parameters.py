"""The tables of parameters, what rclpy makes of them, and the file that users start from."""

from pathlib import Path

import pytest
import rclpy
import yaml

from pkan_control.common.errors import UserError
from pkan_control.common.files import share
from pkan_control.ros.nodes.parameters import (
    BUILT_IN,
    CONTROLLER,
    SIMULATION,
    cells,
    declare,
    page,
    read,
)

NODES = {'controller_node': CONTROLLER, 'simulation_node': SIMULATION}
PAGE = Path(__file__).parents[3] / 'doc' / 'parameters.md'
FILES = sorted(share('config').glob('*.yaml'))


@pytest.fixture
def make_node(ros):
    """Return a function that makes a node with parameters as from the command line."""
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make(**given: object):
        words = [w for key, value in given.items() for w in ('-p', f'{key}:={value}')]
        arguments = ['--ros-args', *words]
        nodes.append(rclpy.create_node('some_node', context=context, cli_args=arguments))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    rclpy.shutdown(context=context)


def of_file(path: Path) -> dict[str, dict[str, object]]:
    text = yaml.safe_load(path.read_text())
    return {name.removeprefix('/**/'): values['ros__parameters'] for name, values in text.items()}


def test_there_is_a_file():
    assert [path.name for path in FILES] == ['simulation.yaml']


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
@pytest.mark.parametrize('name', NODES)
def test_a_file_has_every_parameter_of_a_node_and_no_other(path, name):
    given = of_file(path)[name]
    declared = {parameter.name: parameter for parameter in NODES[name]}
    assert set(given) - set(BUILT_IN) == set(declared)
    for key, parameter in declared.items():
        assert type(given[key]) is type(parameter.default), key
        if parameter.low is not None:
            assert parameter.low <= given[key] <= parameter.high


@pytest.mark.parametrize('table', NODES.values(), ids=NODES)
def test_defaults_and_descriptors(make_node, table):
    node = make_node()
    declare(node, table)
    assert read(node, table) == {parameter.name: parameter.default for parameter in table}
    for parameter in table:
        described = node.describe_parameter(parameter.name)
        assert described.read_only != parameter.live
        assert parameter.text in described.description
        number = type(parameter.default) in (int, float)
        ranges = [*described.floating_point_range, *described.integer_range]
        assert len(ranges) == number
        if number:
            assert ranges[0].from_value <= parameter.default <= ranges[0].to_value


@pytest.mark.parametrize('table', NODES.values(), ids=NODES)
def test_values_at_the_ends_of_a_range_are_taken_and_beyond_refused(make_node, table):
    for parameter in table:
        if parameter.low is None:
            continue
        for value in (parameter.low, parameter.high):
            node = make_node(**{parameter.name: type(parameter.default)(value)})
            declare(node, (parameter,))
            assert read(node, (parameter,)) == {parameter.name: value}
        for value in (parameter.low - 1, parameter.high + 1):
            node = make_node(**{parameter.name: type(parameter.default)(value)})
            with pytest.raises(UserError, match=f'parameter {parameter.name} of some_node'):
                declare(node, (parameter,))


def test_a_parameter_that_nobody_declared_is_named(make_node):
    node = make_node(state_timout=0.3)
    declare(node, CONTROLLER)
    with pytest.raises(UserError, match=r"some_node 'state_timout': allowed are .*state_timeout"):
        read(node, CONTROLLER)


def test_what_rclpy_declares_itself_is_no_mistake(make_node):
    given = {'use_sim_time': 'false', 'qos_overrides./odom.subscription.depth': 5}
    node = make_node(chip='"ideal:"', **given)
    declare(node, CONTROLLER)
    assert read(node, CONTROLLER)['chip'] == 'ideal:'


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == page(), 'python -m pkan_control.ros.nodes.parameters'


def test_every_parameter_has_a_row_with_type_default_and_range():
    text = page()
    for parameter in (*CONTROLLER, *SIMULATION):
        assert text.count(f'| `{parameter.name}` |') >= 1
    by_name = {parameter.name: cells(parameter) for parameter in CONTROLLER}
    assert by_name['state_timeout'][1:6] == ('double', '`0.2`', 's', '0.001 to 60', 'yes')
    assert by_name['enable'][1:3] == ('bool', '`false`')
