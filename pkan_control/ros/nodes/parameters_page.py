"""`doc/parameters.md`, from the tables: `python -m pkan_control.ros.nodes.parameters_page`."""

from collections.abc import Sequence

from pkan_control.ros.nodes.parameters import CONTROLLER, SIMULATION, Parameter

HEAD = """# Parameters of the nodes

Made from the tables that declare them, by `python -m pkan_control.ros.nodes.parameters_page`.
Launch files load [config/simulation.yaml](../config/simulation.yaml), which you can start from.
A live parameter can change while the node runs; a change that does not fit the others is refused
as a whole. All others are read when the node is configured.
"""
ROW = '| `{}` | {} | `{}` | {} | {} | {} | {} |'


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for name, table in (('controller_node', CONTROLLER), ('simulation_node', SIMULATION)):
        parts.append(f'\n## {name}\n{section(table)}')
    return ''.join(parts)


def section(table: Sequence[Parameter]) -> str:
    """Return a table with a row for each parameter."""
    lines = ['| name | type | default | unit | range | live | what it is |', '|---|' + '---|' * 6]
    lines += [ROW.format(*cells(parameter)) for parameter in table]
    return '\n'.join(lines) + '\n'


def cells(parameter: Parameter) -> tuple[str, ...]:
    """Return what is told of a parameter."""
    bounds = '' if parameter.low is None else f'{parameter.low:g} to {parameter.high:g}'
    value = parameter.default
    default = str(value).lower() if isinstance(value, bool) else repr(value)
    kind = {bool: 'bool', int: 'int', float: 'double', str: 'string'}[type(value)]
    live = 'yes' if parameter.live else ''
    return parameter.name, kind, default, parameter.unit, bounds, live, parameter.text


if __name__ == '__main__':
    print(page(), end='')
