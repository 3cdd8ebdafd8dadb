"""The page of parameters is what the tables say."""

from pathlib import Path

from pkan_control.ros.nodes.parameters import CONTROLLER, SIMULATION
from pkan_control.ros.nodes.parameters_page import cells, page

DOC = Path(__file__).parents[3] / 'doc' / 'parameters.md'


def test_the_page_is_up_to_date():
    assert DOC.read_text() == page(), 'python -m pkan_control.ros.nodes.parameters_page'


def test_every_parameter_has_a_row_with_type_default_and_range():
    text = page()
    for parameter in (*CONTROLLER, *SIMULATION):
        assert text.count(f'| `{parameter.name}` |') >= 1
    by_name = {parameter.name: cells(parameter) for parameter in CONTROLLER}
    assert by_name['state_timeout'][1:6] == ('double', '0.2', 's', '0.001 to 60', 'yes')
    assert by_name['enable'][1:3] == ('bool', 'false')
