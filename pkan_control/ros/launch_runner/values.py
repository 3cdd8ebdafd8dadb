"""Values in a launch file: substitutions, the words of a command line, typed parameters."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import yaml
from ament_index_python.packages import get_package_share_directory

from pkan_control.common.errors import UserError, unknown
from pkan_control.ros.launch_runner.launch_file import unsupported

SUBSTITUTIONS = ('$(dirname)', '$(find-pkg-share PACKAGE)', '$(var NAME)')
_SUBSTITUTION = re.compile(r'\$\(([^()]*)\)')
_WORD = re.compile(r'(?:\$\([^()]*\)|\S)+')

Scalar = bool | int | float | str


def perform(text: str, directory: Path, variables: Mapping[str, str]) -> str:
    """Return a text with its substitutions replaced by their values.

    `directory` is that of the launch file, `variables` holds its `<arg>` and `<let>`.
    """
    literal = _SUBSTITUTION.sub('', text)
    if '$(' in literal or '\\' in literal:
        raise unsupported('nesting or escape', text, SUBSTITUTIONS)
    return _SUBSTITUTION.sub(lambda match: _value(match[1], directory, variables), text)


def _value(call: str, directory: Path, variables: Mapping[str, str]) -> str:
    match call.split(' '):
        case ['dirname']:
            return str(directory)
        case ['find-pkg-share', package]:
            try:
                return str(get_package_share_directory(package))
            except (LookupError, ValueError, OSError) as error:
                raise UserError(f'package {package!r} is not in AMENT_PREFIX_PATH') from error
        case ['var', name] if name in variables:
            return variables[name]
        case ['var', name] if name.isidentifier():
            raise unknown('variable', name, variables or ['none'])
    raise unsupported('substitution', f'$({call})', SUBSTITUTIONS)


def words(text: str, perform: Callable[[str], str]) -> list[str]:
    """Split a command line at spaces; the value of a substitution stays within one word."""
    if re.search(r'[\'"]', text):
        raise unsupported('quotes', text, [])
    return [perform(word) for word in _WORD.findall(text)] or ['']


def typed(text: str, performed: str, kind: str) -> Scalar | list[Scalar]:
    """Return the value of a parameter, given as text before and after its substitutions.

    Of kind `str` it is the text itself, of kind `yaml` the YAML of the text.
    """
    if kind not in ('str', 'yaml'):
        raise unsupported('type', kind, ['str', 'yaml'])
    if kind == 'str' or not performed:
        return performed
    if '$(' in text and text[0] in '[{\'"':
        raise unsupported('substitution inside YAML', text, [])
    try:
        value = yaml.safe_load(performed)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f'{performed!r} is not YAML; for text give type="str"') from error
    kinds = {type(item) for item in value} if isinstance(value, list) else {type(value)}
    if len(kinds) > 1 or not kinds <= {bool, int, float, str}:
        raise UserError(f'expected a scalar or a list of one type, not {performed!r}')
    return value  # type: ignore[no-any-return]


@dataclass(frozen=True)
class ParameterFile:
    """A file that sets a parameter of one node, or of every node for `/**`."""

    node: str
    name: str
    value: Scalar | list[Scalar]

    def write(self, directory: Path) -> str:
        """Write the file and return its path."""
        parameters = {self.node: {'ros__parameters': {self.name: self.value}}}
        with NamedTemporaryFile('w', prefix='launch_params_', dir=directory, delete=False) as file:
            yaml.dump(parameters, file, default_flow_style=False)
        return file.name
